"""The columns of the table of all series."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsmon.tui.text.series import series_quantile, series_value
from tsmon.tui.text.tones import Tone
from tsmon.tui.widgets.columns import Cell, TableColumn
from tsmon.units import ABSENT, known

if TYPE_CHECKING:
    from tsmon.telemetry.series.readings import SeriesReading


class SeriesRow:
    """A series in the table, which is the same one whatever its value."""

    def __init__(self, reading: SeriesReading) -> None:
        self.reading = reading
        self.text = reading.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SeriesRow) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)


SeriesColumn = TableColumn[SeriesRow]


def _quantile(label: str, at: int, rank: int) -> SeriesColumn:
    def value(row: SeriesRow) -> float | None:
        found = row.reading.quantiles[at] if at < len(row.reading.quantiles) else None
        return None if found is None else found.value

    return SeriesColumn(
        label.lower(), label, 7, right=True, rank=rank,
        cell=lambda row: Cell(series_quantile(row.reading, at)),
        value=value, largest_first=True,
    )  # fmt: skip


NAME = SeriesColumn(
    "series", "SERIES", 0, cell=lambda row: Cell(row.text), value=lambda row: row.text
)
SERIES_COLUMNS: tuple[SeriesColumn, ...] = (
    NAME,
    SeriesColumn(
        "type", "TYPE", 9, rank=6, cell=lambda row: Cell(row.reading.family.kind, Tone.MUTED),
        value=lambda row: row.reading.family.kind,
    ),
    SeriesColumn(
        "value", "VALUE", 8, right=True,
        cell=lambda row: Cell(series_value(row.reading.value), Tone.ACCENT),
        value=lambda row: known(row.reading.value), largest_first=True,
    ),
    SeriesColumn(
        "rate", "RATE/S", 8, right=True, rank=1,
        cell=lambda row: Cell(series_value(row.reading.per_second)),
        value=lambda row: known(row.reading.per_second), largest_first=True,
    ),
    _quantile("P50", 0, 4),
    _quantile("P95", 1, 2),
    _quantile("P99", 2, 5),
    SeriesColumn(
        "unit", "UNIT", 12, rank=3,
        cell=lambda row: Cell(row.reading.family.unit or ABSENT, Tone.MUTED),
        value=lambda row: row.reading.family.unit or None,
    ),
)  # fmt: skip
"""From left to right."""
