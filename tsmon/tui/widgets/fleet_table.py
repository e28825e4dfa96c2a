"""The table of the fleet: a row for each server, and below it its models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment

from tsmon.fleet.arrange import FleetLine, Order
from tsmon.tui.text.badges import badge_style
from tsmon.tui.text.tones import Tone, tone_of
from tsmon.tui.widgets.columns import GAP, Cell, Column, TableRow
from tsmon.tui.widgets.live_table import LiveTable
from tsmon.units import ABSENT, milliseconds, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tsmon.fleet.snapshot import Figures

READ_ONLY = "READ-ONLY"

COLUMNS = (
    Column("name", "SERVER", 0),
    Column("verdict", "VERDICT", 16),
    Column("workers", "WORKERS", 7),
    Column("rate", "REQ/S", 6, right=True),
    Column("inference", "INFER", 8, right=True),
    Column("queue", "QUEUE", 8, right=True, rank=1),
    Column("errors", "ERR/S", 6, right=True, rank=2),
)
_COLUMNS_OF = dict(zip(
    (
        Order.NAME, Order.WORST, Order.WORKERS, Order.RATE, Order.INFERENCE, Order.QUEUE,
        Order.ERRORS,
    ),
    COLUMNS,
    strict=True,
))  # fmt: skip
ORDERS = {column.id: order for order, column in _COLUMNS_OF.items()}
"""What a column's title sorts by."""


class FleetTable(LiveTable):
    """A live table whose first column shows each server in its own colour."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(COLUMNS, id=id)
        self._lines: dict[str, FleetLine] = {}

    @property
    def line(self) -> FleetLine | None:
        """What the row under the cursor is about."""
        return self._lines.get(self.cursor_key or "")

    def show_lines(self, lines: Sequence[FleetLine]) -> None:
        """Make these the rows."""
        self._lines = {line.key: line for line in lines}
        self.show_rows([_row(line) for line in lines])

    def show_sorted(self, order: Order, *, reverse: bool) -> None:
        """Put an arrow before the title of the column that the rows are sorted by."""
        self.show_order(_COLUMNS_OF[order], descending=order.largest_first is not reverse)

    def _draw_cell(
        self, row: TableRow, is_marked: bool, at: int, column: Column, width: int
    ) -> list[Segment]:
        parts = super()._draw_cell(row, is_marked, at, column, width)
        line = self._lines.get(row.key)
        if column is not COLUMNS[0] or line is None or line.model is not None:
            return parts
        style = badge_style(line.server.target.settings.color)
        end = GAP + len(line.server.target.name) + 2
        before, badge, after = Segment.divide(parts, [GAP, end, GAP + width])
        return [*before, *Segment.apply_style(badge, post_style=style), *after]


def _row(line: FleetLine) -> TableRow:
    figures = line.figures
    muted = Tone.MUTED if line.model else Tone.PLAIN
    cells = (
        Cell(_name(line), muted),
        Cell(str(figures.sign), tone_of(figures.sign.grade)),
        Cell(worker_ratio(figures), muted),
        Cell(number(figures.per_second), muted),
        Cell(milliseconds(figures.inference_ms), muted),
        Cell(milliseconds(figures.queue_ms), muted),
        Cell(number(line.errors_per_second) if not line.model else "", _error_tone(line)),
    )
    return TableRow(line.key, cells)


def worker_ratio(figures: Figures) -> str:
    """Ready and wanted workers: `2/2`."""
    if figures.ready is None:
        return ABSENT
    return f"{figures.ready}/{figures.wanted}"


def _name(line: FleetLine) -> str:
    if line.model:
        return f"  └ {line.model.key}"
    target = line.server.target
    return f" {target.name} " + (f" {READ_ONLY}" if target.settings.read_only else "")


def _error_tone(line: FleetLine) -> Tone:
    return Tone.BAD if line.errors_per_second else Tone.MUTED
