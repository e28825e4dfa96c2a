"""A heatmap of latencies: time across, buckets up, in each cell how many requests took so long."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from tsmon.telemetry.logs.time_buckets import LAST, PER_DECADE, Counts, least_ms
from tsmon.tui.text.symbols import Symbols
from tsmon.tui.widgets.chart_raster import column_of, nice_top
from tsmon.units import milliseconds

if TYPE_CHECKING:
    from tsmon.tui.widgets.time_axis import TimeSpan

LEVELS = 4
LEAST_READINGS = 2
"""Of each cell: with fewer some would have twice as many as others for no other reason than when
they begin, or none."""
MIDDLE_ROWS = 5
_MERGED = (1, 2, 4, 5, 10, 20)
"""How many buckets a line may have: all of them begin a decade."""
_DIGITS = "".join(map(str, range(LEVELS + 1)))
_GLYPHS = {False: str.maketrans(_DIGITS, " ░▒▓█"), True: str.maketrans(_DIGITS, " .:*#")}
"""Each fuller than the one before, without and with ASCII."""
_NOTHING: Counter[int] = Counter()


class TimedCounts(NamedTuple):
    """How many requests of a reading some time ago took how long."""

    age_s: float
    counts: Counts


class HeatMap(Struct, frozen=True):
    """Lines from the longest latency to the shortest."""

    cells: list[str]
    levels: list[str]
    """How full each character is: a digit from 0 to `LEVELS`."""
    least_ms: list[float]
    """Where each line begins."""
    steps: list[int]
    """The least requests of each level from 1 on."""

    def legend(self, symbols: Symbols) -> list[tuple[str, str]]:
        """Each character, and how many requests it stands for."""
        glyphs = _DIGITS[1:].translate(_GLYPHS[symbols is Symbols.ASCII])
        ends = [step - 1 for step in self.steps[1:]]
        spans = [
            f"{first}" if first == last else f"{first}–{last}"
            for first, last in zip(self.steps, ends, strict=False)
        ]
        return list(zip(glyphs, [*spans, f"{self.steps[-1]}+"], strict=False))

    def labels(self, width: int, symbols: Symbols) -> list[str]:
        """The least latency of the highest, the middle and the lowest line, for the axis."""
        edge, rows = "|" if symbols is Symbols.ASCII else "│", len(self.cells)
        named = {0, rows - 1} | ({rows // 2} if rows >= MIDDLE_ROWS else set())
        texts = [milliseconds(ms) if at in named else "" for at, ms in enumerate(self.least_ms)]
        return [f"{text[: width - 1]:>{width - 1}}{edge}" for text in texts]


def draw_heat(
    readings: Sequence[TimedCounts], span: TimeSpan, across: int, rows: int, symbols: Symbols
) -> HeatMap | None:
    """The map on so many columns and lines; None without any request.

    As many columns make one cell as it takes for `LEAST_READINGS`.
    """
    blocks, of_columns = _blocks(readings, span, across)
    found = [bucket for counts in blocks.values() for bucket in counts]
    if not found:
        return None
    merged, lowest = _lines(min(found), max(found), rows)
    totals = {block: _merge(counts, merged) for block, counts in blocks.items()}
    steps = level_steps(max(count for counts in totals.values() for count in counts.values()))
    levels = [["0"] * across for _ in range(rows)]
    highest = lowest + rows - 1
    for column, block in enumerate(of_columns):
        for line, count in totals.get(block, _NOTHING).items():
            levels[min(highest - line, rows - 1)][column] = str(bisect_right(steps, count))
    glyphs = _GLYPHS[symbols is Symbols.ASCII]
    joined = ["".join(line) for line in levels]
    starts = [
        least_ms(min(max(line * merged + 1, 0), LAST)) for line in range(highest, lowest - 1, -1)
    ]
    return HeatMap([line.translate(glyphs) for line in joined], joined, starts, steps)


def level_steps(largest: int) -> list[int]:
    """The least requests of each level: one, then more and more, up to near the largest."""
    top = nice_top(float(largest))
    found = {max(round(top ** (level / LEVELS)), 1) for level in range(LEVELS)}
    return sorted(found)


def _blocks(
    readings: Sequence[TimedCounts], span: TimeSpan, across: int
) -> tuple[dict[int, Counter[int]], list[int]]:
    """What falls on each block of columns, by its number, and the block of each column."""
    column_s = span.seconds / across
    lead_s, edge = span.lead_s(across), math.floor((span.edge_s or 0.0) / column_s)
    size = max(math.ceil(LEAST_READINGS * _usual_step(readings) / column_s - 1e-6), 1)
    of_columns = [at // size for at in range(edge - across + 1, edge + 1)]
    blocks: dict[int, Counter[int]] = defaultdict(Counter)
    for reading in readings:
        column = column_of((reading.age_s + lead_s) / column_s, across)
        if reading.age_s >= 0 and column >= 0:
            blocks[of_columns[column]].update(reading.counts)
    return blocks, of_columns


def _usual_step(readings: Sequence[TimedCounts]) -> float:
    """Seconds between two readings: the middle one of the last."""
    ages = [reading.age_s for reading in readings[-100:]]
    steps = sorted(later - earlier for earlier, later in zip(ages[1:], ages, strict=False))
    return steps[len(steps) // 2] if steps else 0.0


def _lines(least: int, most: int, rows: int) -> tuple[int, int]:
    """How many buckets a line has, and the number of the lowest line: the found ones in the middle.

    Line 0 begins with bucket 1, where a decade begins.
    """
    for merged in _MERGED:
        first, last = (least - 1) // merged, (most - 1) // merged
        if last - first < rows:
            return merged, first - (rows - 1 - (last - first)) // 2
    return PER_DECADE, (most - 1) // PER_DECADE - rows + 1


def _merge(counts: Counts, merged: int) -> Counter[int]:
    """The counts of each line."""
    lines: Counter[int] = Counter()
    for bucket, count in counts.items():
        lines[(bucket - 1) // merged] += count
    return lines
