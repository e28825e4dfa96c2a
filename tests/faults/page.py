"""The table of docs/reliability.md: `python -m tests.faults.page` writes it anew into the page."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.faults.rows import Group, HeldRow, Row
from tests.faults.table import HELD_ROWS, ROWS

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN = "<!-- The table: python -m tests.faults.page writes it. -->\n"
END = "<!-- The end of the table. -->\n"
HEAD = "| fault | monitor | command | exit code | recovery | test |\n|---|---|---|---|---|---|\n"


def table() -> str:
    """All rows, group by group."""
    parts = [_part(group) for group in Group]
    return "\n".join(part for part in parts if part)


def count() -> int:
    """How many rows there are."""
    return len(ROWS) + len(HELD_ROWS)


def page_with(text: str) -> str:
    """A page with the table of today."""
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def _part(group: Group) -> str:
    lines = [_row(row) for row in ROWS if row.group is group]
    lines += [_held(row) for row in HELD_ROWS if row.group is group]
    return f"### {group}\n\n{HEAD}{''.join(lines)}" if lines else ""


def _row(row: Row) -> str:
    shows = "nothing of it" if row.is_harmless else _words(row.shows)
    command = f"`{' '.join(map(_argument, row.command))}`: {_words(row.says)}"
    return _cells(row.fault, shows, command, str(row.code), row.recovery, f"row `{row.id}`")


def _held(row: HeldRow) -> str:
    tests = ", ".join(f"`{test}`" for test in row.held_by)
    return _cells(row.fault, row.monitor, row.says, row.code, row.recovery, tests)


def _argument(text: str) -> str:
    """A command's argument as a reader knows it."""
    return "FILE" if "/" in text else text


def _words(words: Iterable[str]) -> str:
    return " … ".join(f"`{each}`" for each in words)


def _cells(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    PAGE.write_text(page_with(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
