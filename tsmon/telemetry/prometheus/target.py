"""One target of a Prometheus server: what was scraped from it, and when."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.telemetry.instant import Instant
from tsmon.telemetry.prometheus.errors import AmbiguousInstance, NoNewSample, NoSuchInstance
from tsmon.telemetry.prometheus.instances import discover, quoted
from tsmon.telemetry.prometheus.samples import NAMES, SeriesReadings, by_moment
from tsmon.torchserve.errors import TorchServeError
from tsmon.units import duration

if TYPE_CHECKING:
    from tsmon.telemetry.prometheus.client import LabelSet, Prometheus, Series

LOOKBACK_S = 300.0
"""Prometheus' own age limit of a sample (`query.lookback-delta`)."""
PATIENCE_SCRAPES = 3
"""Scrape intervals without a new sample after which it is said that there is none."""
SHORTEST_PATIENCE_S = 5.0


class Newest(Struct, frozen=True):
    """The newest scrape, whether or not it succeeded."""

    at: float
    """Unix time on Prometheus' clock, as all times here."""
    now: float
    """Prometheus' time when it was asked."""


class ScrapedTarget:
    """Reads the raw samples of one target."""

    def __init__(self, client: Prometheus, instance: str, labels: LabelSet | None = None) -> None:
        self.instance = instance
        self.labels = {**(labels or {}), "instance": instance}
        """What it is selected by; where no job is given, the only one with TorchServe's metrics."""
        self.interval_s = LOOKBACK_S
        """The scrape interval, once it was measured; until then the most it can be."""
        self._client = client
        self._clock = 0.0

    @property
    def matchers(self) -> str:
        """The label matchers that select the target's series."""
        return ",".join(f"{name}={quoted(value)}" for name, value in self.labels.items())

    async def newest(self) -> Newest:
        """When the target was last scraped.

        Raises:
            NoSuchInstance: it is not scraped, or not any more.
            AmbiguousInstance: more than one target has this label.
        """
        found = await self._last_up()
        if len(found) != 1:
            found = await self._settle_job(found)
        (sample,) = found[0].samples
        if not self._clock:
            # In binary fractions, so that differences between sample times stay exact.
            self._clock = round((time.monotonic() - sample.at) * 1024) / 1024
        return Newest(sample.value, sample.at)

    async def measure_interval(self, newest: Newest) -> float | None:
        """Learn the scrape interval; gives the time of the scrape before the newest."""
        earlier = await self._last_up(newest.at - 0.001)
        if len(earlier) != 1:
            return None
        before = earlier[0].samples[0].value
        self.interval_s = newest.at - before
        return before

    def check_age(self, newest: Newest) -> None:
        """Check that the target is still being scraped.

        Raises:
            NoNewSample: it was not for several scrape intervals.
        """
        patience = max(PATIENCE_SCRAPES * self.interval_s, SHORTEST_PATIENCE_S)
        age = newest.now - newest.at
        if age > min(patience, LOOKBACK_S):
            raise NoNewSample(
                f"Prometheus has not scraped {self.instance} for {duration(age)}",
                "is Prometheus overloaded, or its storage full?",
            )

    async def scrape(self, at: float) -> SeriesReadings:
        """All that one scrape brought."""
        # Its samples all bear its time, so one millisecond holds it whole, and nothing else.
        return by_moment(await self._select("[1ms]", at)).get(at, ())

    async def scrapes(self, start: float, end: float) -> dict[float, SeriesReadings]:
        """What each scrape between two moments brought, both included, by its time."""
        # One millisecond more, since Prometheus 3 leaves the first moment of a range out.
        found = await self._select(f"[{round((end - start) * 1000) + 1}ms]", end)
        return {at: each for at, each in by_moment(found).items() if at > start - 0.0005}

    async def why_down(self) -> str:
        """Why the last scrape failed; empty where this Prometheus does not say."""
        try:
            targets = await self._client.targets()
        except TorchServeError:
            return ""
        own = [each for each in targets if each.labels.get("instance") == self.instance]
        errors = [each.last_error for each in own if self.labels.items() <= each.labels.items()]
        return next(filter(None, errors), "")

    def instant(self, at: float) -> Instant:
        """A sample's time; its age is right also where Prometheus' clock is not."""
        return Instant(at + self._clock, datetime.fromtimestamp(at, UTC))

    async def _select(self, range_: str, at: float) -> list[Series]:
        names = "|".join(NAMES)
        return await self._client.query(f'{{__name__=~"{names}",{self.matchers}}}{range_}', at)

    async def _last_up(self, at: float | None = None) -> list[Series]:
        return await self._client.query(f"timestamp(up{{{self.matchers}}})", at)

    async def _settle_job(self, found: list[Series]) -> list[Series]:
        there = await discover(self._client)
        if not found:
            job = self.labels.get("job")
            wanted = f"{self.instance} in job {job}" if job else self.instance
            raise NoSuchInstance(wanted, [each.instance for each in there])
        jobs = [each.job for each in there if each.instance == self.instance]
        if "job" not in self.labels and len(jobs) == 1:
            self.labels["job"] = jobs[0]
            found = await self._last_up()
        if len(found) != 1:
            raise AmbiguousInstance(self.instance, [series.labels for series in found])
        return found
