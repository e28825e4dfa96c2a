"""Where words go: data to stdout, talk to stderr.

This and `console` are the one way from a command to a terminal (ruff holds that: banned-api), and
nothing that others wrote gets through it as an order to the terminal or as markup. What is piped
keeps its bytes only where the person asked for those of the server: `AnswerWriter`. `console` draws
with rich, which a command that prints JSON or its version need not load.
"""

from __future__ import annotations

import codecs
import io
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, NamedTuple

import click

from tsmon.ordering import Item
from tsmon.untrusted.csv import csv_text
from tsmon.untrusted.secrets import masked_values
from tsmon.untrusted.text import LONGEST_LINE, one_line, visible

LONGEST_HINT = 4 * LONGEST_LINE
"""Characters of a hint; it may be a command with long paths, and has to work as it stands."""


_OF_CLICK = tuple(
    (re.compile(pattern, re.MULTILINE), words)
    for pattern, words in (
        (r"is not a valid integer(?: range)?\.", "is not a whole number."),
        (r"is not a valid float(?: range)?\.", "is not a number."),
        (r"is not in the range x>=(\S+?)\.$", r"is less than \1."),
        (r"is not in the range x>(\S+?)\.$", r"is not more than \1."),
        (r"is not in the range x<=(\S+?)\.$", r"is more than \1."),
        (r"is not in the range (\S+?)<=x<=?(\S+?)\.$", r"is not between \1 and \2."),
        (r"is not in the range (\S+?)<x<=?(\S+?)\.$", r"is not above \1 and up to \2."),
        (r"No such option '?(-\d[^'.]*)'?\.", r"\1 is read as an option: no number is below 0."),
    )
)
"""What click says, and what a person understands."""


class Help(click.HelpFormatter):
    """Click's pages of help, which name defaults that came from a configuration."""

    def getvalue(self) -> str:
        """The page printed so far."""
        return visible(super().getvalue(), keep_lines=True)


click.Context.formatter_class = Help


def emit(line: str) -> None:
    """Write a line of data; a line feed in it does not begin another."""
    click.echo(_line(line))


def emit_text(text: str) -> None:
    """Write several lines of data."""
    click.echo(visible(text, keep_lines=True))


def emit_raw(answer: bytes) -> None:
    """Write a whole answer of the server's, as `AnswerWriter` does."""
    writer = AnswerWriter()
    writer.part(answer)
    writer.end()


class AnswerWriter:
    """Writes what the server sends as it comes.

    It goes byte for byte into a file or pipe, and visibly to a terminal. A text gets the line feed
    that is missing.
    """

    def __init__(self) -> None:
        self._shown = codecs.getincrementaldecoder("utf-8")("replace")
        self._checked = codecs.getincrementaldecoder("utf-8")()
        self._is_text = True
        self._last = b"\n"

    def part(self, answer: bytes) -> None:
        """Write a part; a character may end in the next one."""
        self._check(answer)
        self._last = answer[-1:] or self._last
        if not _on_terminal():
            click.echo(answer, nl=False)
        else:
            self._show(self._shown.decode(answer))

    def end(self) -> None:
        """Write what is left of a line."""
        self._check(b"", final=True)
        if _on_terminal():
            self._show(self._shown.decode(b"", final=True))
        if self._is_text and self._last != b"\n":
            click.echo()

    def _show(self, text: str) -> None:
        click.echo(visible(text, keep_lines=True), nl=False)

    def _check(self, answer: bytes, *, final: bool = False) -> None:
        if self._is_text:
            try:
                self._checked.decode(answer, final)
            except UnicodeDecodeError:
                self._is_text = False


def emit_json(value: Any) -> None:
    """Write a value as JSON."""
    click.echo(_json(value, indent=2))


def emit_json_line(value: Any) -> None:
    """Write a value as one line of JSON."""
    click.echo(_json(value))


def emit_status(status: str, as_json: bool) -> None:
    """Write what the server answered to a change."""
    if as_json:
        emit_json({"status": status})
    else:
        emit(status)


def emit_csv(
    columns: Iterable[str], rows: Iterable[Mapping[str, object]], *, headings: bool = True
) -> None:
    """Write rows as CSV, which no spreadsheet runs."""
    text = csv_text(columns, rows)
    shown = text if headings else text.partition("\n")[2]
    click.echo(visible(shown, keep_lines=True), nl=False)


def emit_table(headings: Sequence[str], rows: Iterable[Sequence[str]], right: str = "") -> None:
    """Write a table; `right` names the headings, blank-separated, whose columns are numbers."""
    from tsmon.cli.console import aligned, data_console, table

    console = data_console()
    if console.is_terminal:
        console.print(table(headings, rows, right))
    else:
        console.out("\n".join(aligned(headings, rows, right)), highlight=False)


class ReportColumn(NamedTuple, Generic[Item]):
    """A column of a table on stdout."""

    heading: str
    cell: Callable[[Item], str]
    is_number: bool = False


def emit_columns(columns: Sequence[ReportColumn[Item]], items: Iterable[Item]) -> None:
    """Write a table with a row for each item."""
    emit_table(
        [column.heading for column in columns],
        [[column.cell(item) for column in columns] for item in items],
        right=" ".join(column.heading for column in columns if column.is_number),
    )


def say(message: str) -> None:
    """Print a message, not data, on stderr."""
    from tsmon.cli.console import print_message

    print_message(_message(message))


def complain(message: str, hint: str = "") -> None:
    """Print what went wrong and what to do."""
    from tsmon.cli.console import print_complaint

    print_complaint(_message(message), one_line(hint, LONGEST_HINT))


def complain_of(error: click.ClickException) -> None:
    """Print what is wrong with the command line, quoting a part of it."""
    printed = io.StringIO()
    error.show(printed)
    click.echo(visible(plainly(printed.getvalue()), keep_lines=True), nl=False, err=True)


def plainly(message: str) -> str:
    """What click says of a value, in words for a person."""
    for pattern, words in _OF_CLICK:
        message = pattern.sub(words, message)
    return message


def to_terminal(sequence: str) -> None:
    """Give a terminal an order of our own, such as its bell; nothing where there is none."""
    if sys.stderr is not None and sys.stderr.isatty():
        click.echo(sequence, nl=False, err=True, color=True)


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


def _json(value: Any, indent: int | None = None) -> str:
    """JSON in ASCII, whose strings have everything but DEL escaped already."""
    return json.dumps(masked_values(value), indent=indent, default=str).replace("\x7f", "\\u007f")


def _on_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()
