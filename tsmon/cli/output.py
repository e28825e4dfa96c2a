"""Where words go: data to stdout, talk to stderr."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDE = 200
"""Columns of a table that goes into a file or pipe, where nothing may be cut off."""

talk = Console(stderr=True, highlight=False)
"""Progress and messages."""


def data_console() -> Console:
    """A console on stdout; made anew so that redirections in effect now are honoured."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDE)


def emit(text: str) -> None:
    """Write a line of data."""
    click.echo(text)


def emit_json(value: Any) -> None:
    """Write a value as JSON."""
    click.echo(json.dumps(value, indent=2, default=str))


def emit_json_line(value: Any) -> None:
    """Write a value as one line of JSON."""
    click.echo(json.dumps(value, default=str))


def emit_table(headings: Sequence[str], rows: Iterable[Sequence[str]], right: str = "") -> None:
    """Write a table; `right` names the headings, blank-separated, whose columns are numbers."""
    data_console().print(table(headings, rows, right))


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], right: str = "") -> Table:
    """A table without lines, fit for a screen and for `awk`."""
    numbers = right.split()
    result = Table(box=None, header_style="bold", pad_edge=False)
    for heading in headings:
        result.add_column(heading, justify="right" if heading in numbers else "left", no_wrap=True)
    for row in rows:
        result.add_row(*(Text(cell) for cell in row))
    return result


def say(message: str) -> None:
    """Tell the person something that is no data."""
    talk.print(Text(message), soft_wrap=True)


def complain(message: str, hint: str = "") -> None:
    """Tell the person what went wrong and the way out."""
    talk.print(Text.assemble(("tsmon: ", "bold red"), message), soft_wrap=True)
    if hint:
        talk.print(Text(f"  → {hint}", style="dim"), soft_wrap=True)
