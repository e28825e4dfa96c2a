"""Where in a TOML file a setting stands; the parser of the standard library does not tell."""

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
        if header := _HEADER.match(line):
            found = table = _parts(header[1])
        elif assigned := _KEY.match(line):
            found = (*table, *_parts(assigned[1]))
        else:
            continue
        if key[: len(found)] == found and (nearest is None or len(found) > nearest[0]):
            nearest = len(found), number
    return nearest[1] if nearest else None


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))
