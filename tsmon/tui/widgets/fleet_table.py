"""The table of the fleet: a row for each server, and below it its models."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style

from tsmon.fleet.arrange import FleetLine, Order
from tsmon.tui.text.badges import badge_style
from tsmon.tui.text.tones import Tone, tone_of
from tsmon.tui.widgets.columns import GAP, Cell, Column, TableColumn, TableRow, cells_of
from tsmon.tui.widgets.live_table import LiveTable
from tsmon.units import ABSENT, Quantity, milliseconds, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tsmon.fleet.snapshot import Figures

READ_ONLY = "READ-ONLY"


class FleetColumn(TableColumn[FleetLine], frozen=True, kw_only=True):
    """A column and the order of the whole fleet that its title asks for."""

    order: Order


def _figure(
    id_: str, label: str, order: Order, read: Callable[[Figures], Quantity],
    write: Callable[[Quantity], str], width: int = 8, rank: int = 0,
) -> FleetColumn:  # fmt: skip
    return FleetColumn(
        id_, label, width, right=True, rank=rank, order=order,
        cell=lambda line: Cell(write(read(line.figures)), _tone(line)),
    )  # fmt: skip


def _tone(line: FleetLine) -> Tone:
    return Tone.MUTED if line.model else Tone.PLAIN


def _name(line: FleetLine) -> Cell:
    if line.model:
        return Cell(f"  └ {line.model.key}", Tone.MUTED)
    target = line.server.target
    return Cell(f" {target.name} " + (f" {READ_ONLY}" if target.settings.read_only else ""))


def _verdict(line: FleetLine) -> Cell:
    sign = line.figures.sign
    return Cell(str(sign), tone_of(sign.grade))


def _errors(line: FleetLine) -> Cell:
    tone = Tone.BAD if line.errors_per_second else Tone.MUTED
    return Cell("" if line.model else number(line.errors_per_second), tone)


def worker_ratio(figures: Figures) -> str:
    """Ready and wanted workers: `2/2`."""
    return ABSENT if figures.ready is None else f"{figures.ready}/{figures.wanted}"


FLEET_COLUMNS = (
    FleetColumn("name", "SERVER", 0, order=Order.NAME, cell=_name),
    FleetColumn("verdict", "VERDICT", 16, order=Order.WORST, cell=_verdict),
    FleetColumn(
        "workers", "WORKERS", 7, order=Order.WORKERS,
        cell=lambda line: Cell(worker_ratio(line.figures), _tone(line)),
    ),
    _figure("rate", "REQ/S", Order.RATE, lambda figures: figures.per_second, number, width=6),
    _figure("inference", "INFER", Order.INFERENCE, lambda each: each.inference_ms, milliseconds),
    _figure("queue", "QUEUE", Order.QUEUE, lambda each: each.queue_ms, milliseconds, rank=1),
    FleetColumn("errors", "ERR/S", 6, right=True, rank=2, order=Order.ERRORS, cell=_errors),
)  # fmt: skip
ORDERS = {column.id: column.order for column in FLEET_COLUMNS}
"""What a column's title sorts by."""


class FleetTable(LiveTable):
    """A live table whose first column shows each server in its own colour."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(FLEET_COLUMNS, id=id)
        self._lines: dict[str, FleetLine] = {}

    @property
    def line(self) -> FleetLine | None:
        """What the row under the cursor is about."""
        return self._lines.get(self.cursor_key or "")

    @property
    def lines(self) -> Sequence[FleetLine]:
        """What the rows are about."""
        return list(self._lines.values())

    def line_of(self, key: str) -> FleetLine | None:
        """What a row is about."""
        return self._lines.get(key)

    def go_to_next_server(self) -> None:
        """Put the cursor on the next server, past the models in between."""
        below = list(self._lines.values())[self.cursor + 1 :]
        following = next((each for each in below if each.model is None), None)
        if following is not None:
            self.go_to(following.key)

    def show_lines(self, lines: Sequence[FleetLine]) -> None:
        """Make these the rows."""
        shown = self._lines = {line.key: line for line in lines}
        self.show_keys(
            list(shown),
            cache(lambda key: TableRow(key, cells_of(FLEET_COLUMNS, shown[key]))),
            {"name": max((len(_name(line).text) for line in lines), default=0)},
        )

    def show_sorted(self, order: Order, *, reverse: bool) -> None:
        """Put an arrow before the title of the column that the rows are sorted by."""
        column = next(each for each in FLEET_COLUMNS if each.order is order)
        self.show_order(column, descending=order.largest_first is not reverse)

    def _draw_cell(
        self, row: TableRow, is_marked: bool, at: int, column: Column, width: int
    ) -> list[Segment]:
        parts = super()._draw_cell(row, is_marked, at, column, width)
        line = self._lines.get(row.key)
        if column is not FLEET_COLUMNS[0] or line is None or line.model is not None:
            return parts
        style = badge_style(line.server.target.settings.color)
        end = GAP + len(line.server.target.name) + 2
        (part,) = parts
        badge = Segment(part.text[GAP:end], (part.style or Style()) + style)
        return [part._replace(text=part.text[:GAP]), badge, part._replace(text=part.text[end:])]
