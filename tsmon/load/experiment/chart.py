"""A result as bars: milliseconds per request in the queue and altogether, for each setting."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from rich.bar import Bar
from rich.console import Console, Group, RenderableType  # noqa: TID251 (draws into memory)
from rich.table import Table
from rich.text import Text

from tsmon.load.experiment.table import headline
from tsmon.units import fixed, plural

if TYPE_CHECKING:
    from tsmon.load.experiment.result import ExperimentResult, Measurement

CHART_WIDTH = 100
"""Columns of the picture; on a wider terminal the bars get no longer either."""


class ChartColours(Struct, frozen=True):
    """The colours, in Rich's words."""

    inference: str = "cyan"
    queue: str = "yellow"
    p95: str = "bright_black"
    background: str = "default"


def chart(
    measurements: Sequence[Measurement],
    palette: ChartColours = ChartColours(),
) -> RenderableType:
    """Three bars for each setting, all to one scale; what is not known has none."""
    top = max((value for each in measurements for _, value, _ in _bars(each, palette)), default=0.0)
    if not top:
        return Text("no times to draw")
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(ratio=1, no_wrap=True)
    for each in measurements:
        name = _name(each, measurements)
        for label, value, colour in _bars(each, palette):
            bar = Bar(top, 0, value, color=colour, bgcolor=palette.background)
            grid.add_row(Text(name, "bold"), label, fixed(value), bar)
            name = ""
    return Group(Text("ms per request", "bold"), grid)


def svg(result: ExperimentResult) -> str:
    """The chart as an SVG picture, drawn by Rich."""
    paper = Console(record=True, width=CHART_WIDTH, file=io.StringIO(), force_terminal=True)
    paper.print(chart(result.measurements))
    return paper.export_svg(title=headline(result))


def _bars(each: Measurement, palette: ChartColours) -> list[tuple[str, float, str]]:
    bars = (
        ("inference", each.inference_ms, palette.inference),
        ("queue", each.queue_ms, palette.queue),
        ("p95 at client", each.p95_ms, palette.p95),
    )
    return [(label, value, colour) for label, value, colour in bars if value is not None]


def _name(each: Measurement, among: Sequence[Measurement]) -> str:
    batching_varies = len({(one.batch_size, one.max_batch_delay_ms) for one in among}) > 1
    parts = [plural(each.workers, "worker")]
    if batching_varies:
        parts.append(f"{each.batch_size}/{each.max_batch_delay_ms} ms")
    return ", ".join([*parts, *filter(None, [each.protocol])])
