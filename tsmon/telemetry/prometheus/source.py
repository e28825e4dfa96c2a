"""One TorchServe as a Prometheus server knows it, observed like a live one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from tsmon.telemetry.instant import Instant
from tsmon.telemetry.prometheus.errors import TargetDown
from tsmon.telemetry.prometheus.modes import KnownMode
from tsmon.telemetry.prometheus.samples import (
    SeriesReadings,
    is_up,
    models_from_samples,
    scrape_from_samples,
)
from tsmon.telemetry.prometheus.target import Newest, ScrapedTarget
from tsmon.telemetry.source import Observation
from tsmon.torchserve.errors import TorchServeError

if TYPE_CHECKING:
    from tsmon.telemetry.prometheus.client import LabelSet, Prometheus
    from tsmon.telemetry.scrape import Scrape
    from tsmon.telemetry.snapshot import ModelKey

SAMPLE_POLL_S = 1.0
"""Pause between two questions for a newer sample."""

Pause = Callable[[float], Awaitable[None]]


class PrometheusSource:
    """Shows what Prometheus scraped from one instance.

    Observations are made of raw samples with their own timestamps, so a `TrafficMeter` computes
    from them what it would have computed from the same scrapes. Each scrape is given once: after
    the first two, `observe` waits until Prometheus has a newer one, because the same sample read
    twice is no interval and must not become a rate of 0. So the ticks of a monitor follow
    Prometheus' scrape interval.

    Workers are known by their ids only, and there are no server facts: nothing else is exported.
    """

    def __init__(
        self,
        client: Prometheus,
        instance: str,
        labels: LabelSet | None = None,
        *,
        pause: Pause = asyncio.sleep,
    ) -> None:
        """`labels` are needed only where several targets have this `instance`."""
        self._client = client
        self._target = ScrapedTarget(client, instance, labels)
        self._pause = pause
        self._given: float | None = None
        self._known = KnownMode()

    @property
    def label(self) -> str:
        """The instance and the Prometheus that knows it."""
        return f"{self._target.instance} (Prometheus {self._client.label})"

    @property
    def interval_s(self) -> float:
        """The scrape interval, once it was measured; until then the most it can be."""
        return self._target.interval_s

    async def observe(self, focus: ModelKey | None) -> Observation:
        """The newest scrape not given yet; it is waited for.

        The first answer is the scrape before the newest, so that the second one, which comes at
        once, already has an interval. `focus` makes no difference here.
        """
        try:
            at, readings = await self._next()
            if not is_up(readings):
                raise await self._down()
        except TorchServeError as problem:
            return Observation(Instant.now(), None, problem, problem)
        return self._observation(at, readings)

    async def recall(self, seconds: float) -> list[Observation]:
        """What is stored of the last `seconds`, oldest first; `observe` goes on from there.

        It is empty where Prometheus or the instance does not answer; `observe` then says why.
        """
        try:
            newest = await self._target.newest()
            await self._target.measure_interval(newest)
            stored = await self._target.scrapes(newest.at - seconds, newest.at)
        except TorchServeError:
            return []
        self._given = max(stored, default=None)
        return [self._observation(at, readings) for at, readings in stored.items()]

    def _observation(self, at: float, readings: SeriesReadings) -> Observation:
        instant = self._target.instant(at)
        return observation_of(self._target.instance, instant, readings, self._known)

    async def scrapes(self, seconds: float, until: float | None = None) -> list[Scrape]:
        """The successful scrapes of the last `seconds`, oldest first, both ends included.

        `until` is a Unix time, by default that of the newest scrape. What `observe` gives does
        not depend on it.
        """
        end = (await self._target.newest()).at if until is None else until
        scrapes = await self._target.scrapes(end - seconds, end)
        return [
            scrape_from_samples(readings, self._target.instant(at))
            for at, readings in scrapes.items()
            if is_up(readings)
        ]

    async def _next(self) -> tuple[float, SeriesReadings]:
        newest = await self._target.newest()
        if self._given is None:
            return await self._first(newest)
        while newest.at <= self._given:
            self._target.check_age(newest)
            await self._pause(SAMPLE_POLL_S)
            newest = await self._target.newest()
        return await self._give(newest.at)

    async def _first(self, newest: Newest) -> tuple[float, SeriesReadings]:
        before = await self._target.measure_interval(newest)
        self._target.check_age(newest)
        if before is not None:
            at, readings = await self._give(before)
            if is_up(readings):
                return at, readings
        return await self._give(newest.at)

    async def _give(self, at: float) -> tuple[float, SeriesReadings]:
        readings = await self._target.scrape(at)
        self._given = at
        return at, readings

    async def _down(self) -> TargetDown:
        reason = await self._target.why_down()
        what = f"Prometheus cannot scrape {self._target.instance}"
        return TargetDown(f"{what}: {reason}" if reason else what, "is this TorchServe running?")


def observation_of(
    instance: str, at: Instant, readings: SeriesReadings, known: KnownMode
) -> Observation:
    """What one scrape of an instance shows; `known` is its mode by the scrapes before."""
    if not is_up(readings):
        problem = TargetDown(f"Prometheus could not scrape {instance}")
        return Observation(at, None, problem, problem)
    return Observation(
        at, None, models_from_samples(readings), known.settle(scrape_from_samples(readings, at))
    )
