"""What each series says now: its value, its rate, the quantiles of a histogram over a window."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from tsmon.telemetry.series.layout import (
    BOUND,
    COUNTER,
    HISTOGRAM,
    QUANTILE,
    SUMMARY,
    Family,
    Sample,
    read_layout,
    selector,
)
from tsmon.telemetry.traffic import Missing

if TYPE_CHECKING:
    from tsmon.telemetry.series.published import Published

Labels = tuple[tuple[str, str], ...]
Number = float | Missing
SHARES = (0.5, 0.95, 0.99)
"""The quantiles that are computed of a histogram."""


class Quantile(NamedTuple):
    """One quantile of a histogram."""

    value: float
    beyond: bool = False
    """It lies above the last finite bound, which is the value."""


class SeriesReading(Struct, frozen=True):
    """One series; the samples of a histogram or a summary are one."""

    family: Family
    name: str
    labels: Labels
    value: float
    """Of a histogram or a summary the number of observations since the server's start."""
    per_second: Number
    """Growth of what only grows; of a gauge there is none."""
    mean: Number = Missing.NO_COUNTERS
    """Of the observations of the window."""
    quantiles: tuple[Quantile | None, ...] = ()
    """Those of `SHARES` over the window; a summary has what the server publishes."""

    @property
    def text(self) -> str:
        """As PromQL selects it."""
        return selector(self.name, self.labels)

    @property
    def counted(self) -> str:
        """The sample whose growth the rate is of."""
        parted = self.family.kind in (HISTOGRAM, SUMMARY)
        return selector(f"{self.name}_count" if parted else self.name, self.labels)


class Growth:
    """Two scrapes of one server, the earlier one perhaps missing."""

    def __init__(self, now: Published, then: Published | None, seconds: float) -> None:
        self.layout = read_layout(now.layout)
        self._now = now.values()
        self._seconds = seconds
        self._lines: Mapping[str, int] = {}
        self._then: Sequence[float] = ()
        self._same = False
        if then is not None:
            self._same = then.layout == now.layout
            self._lines = {} if self._same else read_layout(then.layout).lines
            self._then = then.values()
        self._why = Missing.FIRST_SAMPLE if then is None or seconds <= 0 else None
        if self._why is None and self._fell():
            self._why = Missing.RESTARTED

    def value(self, sample: Sample) -> float:
        """The value now."""
        return self._now[sample.line]

    def of(self, sample: Sample) -> Number:
        """How much it grew; one that was not there before stood at 0."""
        if self._why is not None:
            return self._why
        grown = self.value(sample) - self._before(sample)
        return grown if math.isfinite(grown) else Missing.UNREAD

    def per_second(self, sample: Sample) -> Number:
        """The same for each second."""
        grown = self.of(sample)
        return grown if isinstance(grown, Missing) else grown / self._seconds

    def _before(self, sample: Sample) -> float:
        line = sample.line if self._same else self._lines.get(sample.text)
        return 0.0 if line is None else self._then[line]

    def _fell(self) -> bool:
        """Whether any that only grows is less than it was, which only a restart does."""
        return any(
            self.value(sample) < self._before(sample)
            for name, samples in self.layout.samples.items()
            if self.layout.families[name].kind in (COUNTER, HISTOGRAM)
            for sample in samples
            if not sample.name.endswith("_sum")  # which falls with what is below 0
        )


def read_series(now: Published, then: Published | None, seconds: float) -> list[SeriesReading]:
    """Every series by family and labels; `then` was `seconds` before."""
    growth = Growth(now, then, seconds)
    found: list[SeriesReading] = []
    for name in sorted(growth.layout.samples):
        family, samples = growth.layout.families[name], growth.layout.samples[name]
        parted = family.kind in (HISTOGRAM, SUMMARY)
        made = _parted(family, samples, growth) if parted else _plain(family, samples, growth)
        found += sorted(made, key=lambda each: (each.name, each.labels))
    return found


def _plain(family: Family, samples: Sequence[Sample], growth: Growth) -> list[SeriesReading]:
    grows = family.kind == COUNTER
    return [
        SeriesReading(
            *(family, each.name, each.labels, growth.value(each)),
            growth.per_second(each) if grows else Missing.NO_COUNTERS,
        )
        for each in samples
    ]


class _Parts(Struct):
    """The samples of one histogram or summary."""

    count: Sample | None = None
    sum: Sample | None = None
    buckets: dict[float, Sample] = {}
    quantiles: dict[float, float] = {}


def _parted(family: Family, samples: Sequence[Sample], growth: Growth) -> list[SeriesReading]:
    groups: dict[Labels, _Parts] = {}
    for each in samples:
        labels = tuple(pair for pair in each.labels if pair[0] not in (BOUND, QUANTILE))
        _put(groups.setdefault(labels, _Parts()), family, each, growth)
    return [_together(family, labels, parts, growth) for labels, parts in groups.items()]


def _put(parts: _Parts, family: Family, sample: Sample, growth: Growth) -> None:
    labels = dict(sample.labels)
    if sample.name == f"{family.name}_count":
        parts.count = sample
    elif sample.name == f"{family.name}_sum":
        parts.sum = sample
    elif family.kind == HISTOGRAM and (bound := _number(labels.get(BOUND))) is not None:
        parts.buckets[bound] = sample
    elif family.kind == SUMMARY and (share := _number(labels.get(QUANTILE))) is not None:
        parts.quantiles[share] = growth.value(sample)


def _together(family: Family, labels: Labels, parts: _Parts, growth: Growth) -> SeriesReading:
    last = parts.buckets.get(math.inf)
    counted = parts.count or last
    rate = growth.per_second(counted) if counted else Missing.UNREAD
    grown = {bound: growth.of(sample) for bound, sample in parts.buckets.items()}
    known = {bound: number for bound, number in grown.items() if not isinstance(number, Missing)}
    quantiles: tuple[Quantile | None, ...] = ()
    if family.kind == HISTOGRAM:
        whole = len(known) == len(grown)
        quantiles = tuple(histogram_quantile(share, known) if whole else None for share in SHARES)
    elif parts.quantiles:
        shares = (parts.quantiles.get(share, math.nan) for share in SHARES)
        quantiles = tuple(Quantile(each) if math.isfinite(each) else None for each in shares)
    return SeriesReading(
        *(family, family.name, labels, growth.value(counted) if counted else math.nan, rate),
        _mean(parts, growth),
        quantiles,
    )


def _mean(parts: _Parts, growth: Growth) -> Number:
    if parts.count is None or parts.sum is None:
        return Missing.UNREAD
    count, total = growth.of(parts.count), growth.of(parts.sum)
    if isinstance(count, Missing):
        return count
    if isinstance(total, Missing):
        return total
    return total / count if count > 0 else Missing.NO_TRAFFIC


def plain_value(value: float) -> str:
    """A number in full, as `/metrics` has it: `2216.953125`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def series_words(reading: SeriesReading) -> str:
    """What a filter looks at."""
    family = reading.family
    return f"{reading.text} {family.kind} {family.unit} {family.help}"


def histogram_quantile(share: float, buckets: Mapping[float, float]) -> Quantile | None:
    """A quantile of cumulative buckets by their upper bounds, as PromQL's function has it.

    None where nothing was observed, or the counts do not grow with the bounds.
    """
    bounds = sorted(buckets)
    if len(bounds) < 2 or bounds[-1] != math.inf:
        return None
    counts = [buckets[bound] for bound in bounds]
    if counts[-1] <= 0 or any(later < earlier for earlier, later in pairwise([0.0, *counts])):
        return None
    rank = share * counts[-1]
    at = next(number for number, count in enumerate(counts) if count >= rank)
    if bounds[at] == math.inf:
        return Quantile(bounds[-2], beyond=True)
    if at == 0 and bounds[0] <= 0:
        return Quantile(bounds[0])
    low, below = (bounds[at - 1], counts[at - 1]) if at else (0.0, 0.0)
    inside = counts[at] - below
    if inside <= 0:
        return Quantile(low)
    found = low + (bounds[at] - low) * (rank - below) / inside
    return Quantile(min(found, bounds[at]))  # rounding may go a step beyond it


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return None if math.isnan(number) else number
