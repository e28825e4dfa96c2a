"""What is drawn with rich: tables, spinners and messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.status import Status
from rich.table import Table
from rich.text import Text

from tsmon.untrusted.text import brief, one_line, visible

WIDE = 200
"""Columns of what goes into a file or pipe."""
LONGEST_CELL = 100
"""Characters; a longer name would leave the other columns of a table no room."""


class Spinner(Status):
    """A line that shows what is waited for; its words are no markup."""

    def __init__(self, status: RenderableType, **settings: Any) -> None:
        super().__init__(_plain(status), **settings)

    def update(self, status: RenderableType | None = None, **settings: Any) -> None:
        """Change the words."""
        super().update(None if status is None else _plain(status), **settings)


class Gate(Console):
    """A console that takes no markup, and no control sequence but its own."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **settings)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """The segments of anything that is printed, their text made visible."""
        for segment in super().render(renderable, options):
            text, style, control = segment
            if control is not None:
                yield segment
            else:
                yield Segment(visible(text, keep_lines=True), style)

    def status(self, status: RenderableType, **settings: Any) -> Spinner:
        """A spinner with words beside it."""
        return Spinner(status, console=self, **settings)


talk = Gate(stderr=True)
"""Progress and messages."""


def data_console() -> Console:
    """A console on stdout; made again so that redirections in effect now are honoured."""
    console = Gate()
    return console if console.is_terminal else Gate(width=WIDE)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], right: str = "") -> Table:
    """A table without lines, fit for a screen and for `awk`."""
    numbers = right.split()
    result = Table(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        justify = "right" if heading in numbers else "left"
        result.add_column(Text(visible(heading)), justify=justify, no_wrap=True)  # type: ignore[arg-type]
    for row in rows:
        result.add_row(*(Text(brief(cell, LONGEST_CELL)) for cell in row))
    return result


def aligned(
    headings: Sequence[str], rows: Iterable[Sequence[str]], right: str = ""
) -> Iterator[str]:
    """The lines of the same table for a file or pipe: as wide as its cells, so that none is cut.

    Of thousands of rows it takes a fortieth of the time that fitting them into a width takes.
    """
    shown = [[visible(heading) for heading in headings]]
    shown += [[brief(cell, LONGEST_CELL) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*shown, strict=True)]
    numbers = [heading in right.split() for heading in headings]
    for row in shown:
        cells = zip(row, widths, numbers, strict=True)
        padded = (
            " " * (width - cell_len(cell)) + cell if is_number else set_cell_size(cell, width)
            for cell, width, is_number in cells
        )
        yield "  ".join(padded).rstrip()


def print_message(message: str) -> None:
    """Print a line of talk."""
    talk.print(Text(message), soft_wrap=True)


def print_complaint(message: str, hint: str) -> None:
    """Print what went wrong, and the way out where there is one."""
    talk.print(Text.assemble(("tsmon: ", "bold red"), message), soft_wrap=True)
    if hint:
        talk.print(Text(f"  → {hint}", style="dim"), soft_wrap=True)


def _plain(words: RenderableType) -> RenderableType:
    return Text(one_line(words)) if isinstance(words, str) else words
