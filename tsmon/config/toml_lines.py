"""Where in a TOML file a setting stands; the parser of the standard library does not say."""

from __future__ import annotations

import re

_HEADER = re.compile(r"^\s*\[+\s*([^\]]+?)\s*\]+")
_KEY = re.compile(
    r"""^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*="""
)
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


def line_of(text: str, key: tuple[str, ...]) -> int | None:
    """The line, counted from 1, of a setting by its dotted name, or of the table around it.

    None where it stands in no line of its own, as inside an inline table of a table without one.
    """
    nearest: tuple[int, int] | None = None
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if (header := table_in(line)) is not None:
            found = table = header
        elif (assigned := key_in(line)) is not None:
            found = (*table, *assigned)
        else:
            continue
        if key[: len(found)] == found and (nearest is None or len(found) > nearest[0]):
            nearest = len(found), number
    return nearest[1] if nearest else None


def table_in(line: str) -> tuple[str, ...] | None:
    """The name of the table that a line begins, if it begins one."""
    header = _HEADER.match(line)
    return parts(header[1]) if header else None


def key_in(line: str) -> tuple[str, ...] | None:
    """The name that a line gives a value, within its table, if it gives one."""
    assigned = _KEY.match(line)
    return parts(assigned[1]) if assigned else None


def parts(dotted: str) -> tuple[str, ...]:
    """The names in a dotted one, without their quotes."""
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))
