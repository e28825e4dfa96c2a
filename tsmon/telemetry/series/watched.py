"""The few series that are looked at all the time: those that are pinned or have a limit."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from tsmon.telemetry.limits.limit import LimitStatus
from tsmon.telemetry.series.layout import COUNTER, HISTOGRAM, SUMMARY, read_layout

if TYPE_CHECKING:
    from tsmon.telemetry.instant import Instant
    from tsmon.telemetry.scrape import Scrape
    from tsmon.telemetry.series.published import Published

MOST_WATCHED = 32
"""Series; of patterns that match more the first ones are watched."""
LEAST_S = 0.15
"""Between two scrapes that a rate is computed from."""
_WILD = re.compile(r"[*?\[]")


class WatchedSeries(Struct, frozen=True):
    """One series at one tick."""

    text: str
    """As PromQL selects it."""
    unit: str = ""
    value: float | None = None
    """None while the server's metrics cannot be read."""
    per_second: float | None = None
    """Of what only grows, since the scrape before."""
    limits: tuple[LimitStatus, ...] = ()


class _Place(NamedTuple):
    line: int
    text: str
    unit: str
    grows: bool


class SeriesWatch:
    """Finds the series that patterns mean, and follows them from scrape to scrape."""

    def __init__(self) -> None:
        self.pinned: tuple[str, ...] = ()
        """Patterns of a name, or of a name and its labels, where * stands for any text."""
        self._found: tuple[object, list[_Place]] = ("", [])
        self._last: tuple[WatchedSeries, ...] = ()
        self._at: Instant | None = None

    def observe(self, scrape: Scrape | None, limited: Sequence[str]) -> tuple[WatchedSeries, ...]:
        """The series that are pinned or `limited`; None for a scrape that failed."""
        patterns = tuple(dict.fromkeys((*self.pinned, *limited)))
        if not patterns:
            return ()
        if scrape is None:
            self._last = tuple(
                replace(each, value=None, per_second=None, limits=()) for each in self._last
            )
            self._at = None
            return self._last
        wanted = scrape.published.layout, patterns
        if self._found[0] != wanted:
            self._found = wanted, list(_places(scrape.published, patterns))
        seconds = scrape.at.since(self._at) if self._at is not None else 0.0
        before = {each.text: each for each in self._last}
        self._last = tuple(
            _watched(place, scrape.published.value(place.line), before.get(place.text), seconds)
            for place in self._found[1]
        )
        if self._at is None or seconds >= LEAST_S:
            self._at = scrape.at
        return self._last


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern means a series: by its name, or by its name and labels."""
    return fnmatchcase(text, pattern) or fnmatchcase(text.partition("{")[0], pattern)


def _places(published: Published, patterns: Sequence[str]) -> Iterator[_Place]:
    names = [_WILD.split(pattern.partition("{")[0]) for pattern in patterns]
    if all(len(parts) == 1 and not published.lines_of(parts[0]) for parts in names):
        return  # most layouts need not be read for names that are not in them
    layout, shown = read_layout(published.layout), 0
    for name, samples in layout.samples.items():
        family = layout.families[name]
        for sample in samples:
            text = sample.text
            if any(matches(pattern, text) for pattern in patterns):
                parted = family.kind in (HISTOGRAM, SUMMARY)
                grows = family.kind == COUNTER or (parted and sample.name != name)
                counts = parted and sample.name.endswith(("_count", "_bucket"))
                yield _Place(sample.line, text, "" if counts else family.unit, grows)
                shown += 1
                if shown == MOST_WATCHED:
                    return


def _watched(
    place: _Place, value: float, before: WatchedSeries | None, seconds: float
) -> WatchedSeries:
    known = value if math.isfinite(value) else None
    rate = before.per_second if before is not None and seconds < LEAST_S else None
    was = before.value if before is not None else None
    if place.grows and seconds >= LEAST_S and known is not None and was is not None:
        rate = (known - was) / seconds if known >= was else None
    return WatchedSeries(place.text, place.unit, known, rate)
