"""Where words go: data to stdout, talk to stderr.

This is the one way from a command to a terminal (ruff holds that: banned-api), and nothing that
others wrote gets through it as an order to the terminal or as markup. What is piped keeps its bytes
only where the person asked for those of the server: `emit_raw`.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.status import Status
from rich.table import Table
from rich.text import Text

from tsmon.untrusted.csv import csv_text
from tsmon.untrusted.secrets import masked_values
from tsmon.untrusted.text import LONGEST_LINE, brief, one_line, visible

WIDE = 200
"""Columns of a table that goes into a file or pipe, where nothing may be cut off."""
LONGEST_HINT = 4 * LONGEST_LINE
LONGEST_CELL = 100
"""Characters; a longer name would leave the other columns of a table no room."""
"""Characters of a hint; it may be a command with long paths, and has to work as it stands."""


class Spinner(Status):
    """A line that tells what is waited for; its words are no markup."""

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


class Help(click.HelpFormatter):
    """Click's pages of help, which name defaults that came from a configuration."""

    def getvalue(self) -> str:
        """The page."""
        return visible(super().getvalue(), keep_lines=True)


click.Context.formatter_class = Help

talk = Gate(stderr=True)
"""Progress and messages."""


def data_console() -> Console:
    """A console on stdout; made anew so that redirections in effect now are honoured."""
    console = Gate()
    return console if console.is_terminal else Gate(width=WIDE)


def emit(line: str) -> None:
    """Write a line of data; a line feed in it does not begin another."""
    click.echo(_line(line))


def emit_text(text: str) -> None:
    """Write several lines of data."""
    click.echo(visible(text, keep_lines=True))


def emit_raw(answer: bytes) -> None:
    """Write what the server sent: byte for byte into a file or pipe, visibly on a terminal.

    A text gets the line feed that it lacks.
    """
    text = answer.decode(errors="replace")
    ends = not text or text.endswith("\n") or text.encode() != answer
    shown = visible(text, keep_lines=True).encode() if _on_terminal() else answer
    click.echo(shown, nl=not ends)


def emit_json(value: Any) -> None:
    """Write a value as JSON."""
    click.echo(_json(value, indent=2))


def emit_json_line(value: Any) -> None:
    """Write a value as one line of JSON."""
    click.echo(_json(value))


def emit_csv(columns: Iterable[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write rows as CSV, which no spreadsheet runs."""
    click.echo(visible(csv_text(columns, rows), keep_lines=True), nl=False)


def emit_table(headings: Sequence[str], rows: Iterable[Sequence[str]], right: str = "") -> None:
    """Write a table; `right` names the headings, blank-separated, whose columns are numbers."""
    data_console().print(table(headings, rows, right))


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


def say(message: str) -> None:
    """Tell the person something that is no data."""
    talk.print(Text(_message(message)), soft_wrap=True)


def complain(message: str, hint: str = "") -> None:
    """Tell the person what went wrong and the way out."""
    talk.print(Text.assemble(("tsmon: ", "bold red"), _message(message)), soft_wrap=True)
    if hint:
        talk.print(Text(f"  → {one_line(hint, LONGEST_HINT)}", style="dim"), soft_wrap=True)


def complain_of(error: click.ClickException) -> None:
    """Tell the person what is wrong with the command line, which is repeated in part."""
    told = io.StringIO()
    error.show(told)
    click.echo(visible(told.getvalue(), keep_lines=True), nl=False, err=True)


def confirm(question: str) -> None:
    """Ask the person whether to go on.

    Raises:
        click.Abort: not to.
    """
    click.confirm(_message(question), abort=True, err=True)


def asked(question: str, *, default: bool = False) -> bool:
    """Ask the person; `default` is what Enter alone answers."""
    return click.confirm(_message(question), default=default, err=True)


def _line(text: str) -> str:
    return visible(text, keep_lines=True).replace("\n", "\\x0a")


def _message(text: str) -> str:
    """One line of limited length; what it is indented by stays."""
    indent = len(text) - len(text.lstrip(" "))
    return " " * indent + one_line(text)


def _plain(words: RenderableType) -> RenderableType:
    return Text(one_line(words)) if isinstance(words, str) else words


def _json(value: Any, indent: int | None = None) -> str:
    """JSON in ASCII, whose strings have everything but DEL escaped already."""
    return json.dumps(masked_values(value), indent=indent, default=str).replace("\x7f", "\\u007f")


def _on_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()
