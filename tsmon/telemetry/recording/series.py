"""All that was published, in a recording: each value is written when it changes."""

from __future__ import annotations

import math
import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from tsmon.telemetry.recording.database import numbers, texts
from tsmon.telemetry.series.kept import SeriesPoint, SeriesTick
from tsmon.telemetry.series.layout import UNTYPED, Family, declared, read_layout
from tsmon.telemetry.series.published import MOST_LINES, Published, publish

if TYPE_CHECKING:
    from tsmon.telemetry.recording.database import Database
    from tsmon.telemetry.recording.reader import Recording

TABLE = "series"
"""Recordings of an earlier tsmon do not have it."""
_INSERT_FAMILY = "INSERT OR REPLACE INTO family VALUES (?, ?, ?)"
_INSERT_SERIES = "INSERT OR IGNORE INTO series (sample, family) VALUES (?, ?)"
_INSERT_VALUE = "INSERT OR REPLACE INTO value VALUES (?, ?, ?)"
DROP_UNUSED_VALUES = """
DELETE FROM value WHERE tick NOT IN (SELECT id FROM tick) AND EXISTS (
    SELECT 1 FROM value later WHERE later.series = value.series AND later.tick > value.tick
    AND later.tick <= (SELECT min(id) FROM tick WHERE id > value.tick)
)
"""
"""Values of ticks that were left out, unless one that stayed still has them."""
_SELECT_ALL = """
SELECT sample, series.family, coalesce(family.type, ''), coalesce(help, ''), value
FROM series JOIN value ON value.series = series.id
    AND value.tick = (SELECT max(tick) FROM value WHERE series = series.id AND tick <= ?)
LEFT JOIN family ON family.name = series.family
WHERE value IS NOT NULL ORDER BY series.id LIMIT ?
"""
_SELECT_ONE = """
SELECT tick, value FROM value WHERE series = (SELECT id FROM series WHERE sample = ?)
    AND tick >= coalesce((SELECT max(tick) FROM value
        WHERE series = (SELECT id FROM series WHERE sample = ?) AND tick <= ?), ?) AND tick <= ?
ORDER BY tick
"""
_NO_NUMBERS = {"NaN": math.nan, "+Inf": math.inf, "-Inf": -math.inf}
"""What SQLite has no number for; NULL says that the series is gone."""


class SeriesWriter:
    """Writes the values that are not those of the tick before."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._last: Published | None = None
        self._ids: dict[int, int] = {}
        """Of each line of the last layout, the series."""
        self._known: dict[str, int] = {}

    def write(self, tick: int, published: Published) -> None:
        """Write what changed; the first tick of a session has all."""
        last = self._last
        if last is None or last.layout != published.layout:
            self._write_all(tick, published)
        elif last.blocks != published.blocks:
            before, now = last.values(), published.values()
            changed = ((id_, line) for line, id_ in self._ids.items() if before[line] != now[line])
            self._put(tick, ((id_, now[line]) for id_, line in changed))
        self._last = published

    def _write_all(self, tick: int, published: Published) -> None:
        layout = read_layout(published.layout)
        run = self._connection.execute
        for family in layout.families.values():
            run(_INSERT_FAMILY, (_text(family.name), _text(family.kind), _text(family.help)))
        known = self._known
        self._ids, self._known = {}, {}
        for name, samples in layout.samples.items():
            for sample in samples:
                text = _text(sample.text)
                id_ = known.get(text) or self._id_of(text, _text(name))
                self._ids[sample.line] = self._known[text] = id_
        gone = {id_ for (id_,) in run("SELECT id FROM series")} - set(self._ids.values())
        self._connection.executemany(_INSERT_VALUE, [(id_, tick, None) for id_ in gone])
        values = published.values()
        self._put(tick, ((id_, values[line]) for line, id_ in self._ids.items()))

    def _id_of(self, sample: str, family: str) -> int:
        self._connection.execute(_INSERT_SERIES, (sample, family))
        query = "SELECT id FROM series WHERE sample = ?"
        ((id_,),) = self._connection.execute(query, (sample,))
        return int(id_)

    def _put(self, tick: int, values: Iterable[tuple[int, float]]) -> None:
        self._connection.executemany(
            _INSERT_VALUE, ((id_, tick, _stored(value)) for id_, value in values)
        )


def read_published(database: Database, tick: int) -> Published:
    """What was published at a tick.

    Raises:
        sqlite3.Error: it cannot be read.
        ValueError: something else is where a number should be or text.
    """
    if TABLE not in database.tables:
        return Published(why_not="the recording was made by an earlier tsmon")
    families: dict[str, Family] = {}
    samples: list[tuple[str, float]] = []
    for sample, family, kind, about, value in database.rows(_SELECT_ALL, tick, MOST_LINES):
        texts((sample, family, kind, about))
        families[family] = Family(family, kind or UNTYPED, about)
        samples.append((sample, _read(value)))
    return publish(samples, [line for family in families.values() for line in declared(family)])


def read_points(database: Database, sample: str, first: int, last: int) -> list[tuple[int, float]]:
    """The values of one sample by tick, each where it changed; NaN where it was gone.

    Raises:
        sqlite3.Error: they cannot be read.
        ValueError: something else is where a number should be.
    """
    if TABLE not in database.tables:
        return []
    rows = database.rows(_SELECT_ONE, sample, sample, first, first, last)
    return [(tick, math.nan if value is None else _read(value)) for tick, value in rows]


def _stored(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else f"{'+' if value > 0 else '-'}Inf"


def _read(value: object) -> float:
    if isinstance(value, str) and value in _NO_NUMBERS:
        return _NO_NUMBERS[value]
    (number,) = numbers((value,))
    return float(number)


def _text(text: str) -> str:
    """As SQLite takes it: without surrogates."""
    return text if text.isascii() else text.encode(errors="replace").decode()


class RecordedSeries:
    """The series of a recording."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    def at(self, moment: float) -> SeriesTick | None:
        """The last that is not after a moment of the monotonic clock."""
        return self._tick(bisect_right(self._recording.moments, moment) - 1)

    def since(self, moment: float) -> SeriesTick | None:
        """The first that is not before a moment."""
        return self._tick(bisect_left(self._recording.moments, moment))

    def points(self, sample: str, begin: float, end: float) -> Sequence[SeriesPoint]:
        """The values of a sample over a stretch, oldest first: where they changed, and the last."""
        moments, ticks = self._recording.moments, self._recording.ticks
        first, last = bisect_left(moments, begin), bisect_right(moments, end) - 1
        if first > last:
            return ()
        found = self._recording.series_points(sample, ticks[first].id, ticks[last].id)
        places = [
            max(bisect_left(ticks, tick, key=lambda each: each.id), first) for tick, _ in found
        ]
        points = [SeriesPoint(moments[at], found[n][1]) for n, at in enumerate(places)]
        if points and points[-1].moment < moments[last]:
            points.append(SeriesPoint(moments[last], points[-1].value))
        return points

    def _tick(self, index: int) -> SeriesTick | None:
        return self._recording.series(index) if index >= 0 else None
