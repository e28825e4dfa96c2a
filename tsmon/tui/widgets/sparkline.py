"""A trend in a cell of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsmon.tui.widgets.chart_cells import draw
from tsmon.tui.widgets.chart_raster import heights, nice_top

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tsmon.tui.text.symbols import Symbols


def sparkline(values: Sequence[float | None], symbols: Symbols, width: int) -> str:
    """The values, oldest first, over `width` characters; blank where none is known."""
    columns = width * symbols.dots_across
    parts = [
        values[len(values) * at // columns : len(values) * (at + 1) // columns]
        for at in range(columns)
    ]
    largest = [max((value for value in part if value is not None), default=None) for part in parts]
    top = nice_top(max((value for value in largest if value is not None), default=0.0))
    (line,) = draw(heights(largest, top, symbols.dots_up), 1, symbols)
    return line
