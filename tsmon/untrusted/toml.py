"""TOML that others wrote, read in bounded time and with one kind of error.

The standard library's parser takes a time that grows with the square of the parts of a dotted key,
recurses into nested values, and leaves the limit of a number's digits to `int`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

LONGEST_TOML_LINE = 20_000
MOST_PARTS = 32
"""Of a dotted key."""
MOST_DIGITS = 4_300
"""Of a number; Python's own limit."""

_PART = r"""(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')"""
_LONG_KEY = re.compile(rf"(?<![A-Za-z0-9_-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{MOST_PARTS}}}")
_LONG_NUMBER = re.compile(rf"[0-9_]{{{MOST_DIGITS}}}")
_PLACE = re.compile(r"(.*) \(at (?:line (\d+), (column \d+)|end of document)\)")


class BadToml(ValueError):
    """The text is not TOML, or beyond the limits."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(problem)
        self.line = line
        """Counted from 1; None where it is not known."""


def parse_toml(text: str) -> dict[str, Any]:
    """The tables of a TOML text.

    Raises:
        BadToml: it is not TOML, or has a line, a key, a number or nested values beyond all use.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > LONGEST_TOML_LINE:
            raise BadToml(f"a line of {len(line):,} characters", number)
        if _LONG_KEY.search(line):
            raise BadToml(f"a key of more than {MOST_PARTS} parts", number)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _placed(str(error), text) from None
    except RecursionError:
        raise BadToml("values nested too deeply", _deepest(text)) from None
    except ValueError:
        raise BadToml(f"a number of more than {MOST_DIGITS:,} digits", _long_number(text)) from None


def _placed(problem: str, text: str) -> BadToml:
    """The error with the line apart from the words."""
    match = _PLACE.fullmatch(problem)
    if match is None:
        return BadToml(problem)
    words, line, column = match.groups()
    if line is None:
        return BadToml(words, text.rstrip("\n").count("\n") + 1)
    return BadToml(f"{words} ({column})", int(line))


def _long_number(text: str) -> int | None:
    lines = enumerate(text.split("\n"), 1)
    return next((number for number, line in lines if _LONG_NUMBER.search(line)), None)


def _deepest(text: str) -> int:
    """The line where most brackets are open."""
    _, line = max(_open_brackets(text))
    return -line


def _open_brackets(text: str) -> Iterator[tuple[int, int]]:
    depth = 0
    for number, line in enumerate(text.split("\n"), 1):
        depth += sum(line.count(sign) for sign in "[{")
        yield depth, -number
        depth -= sum(line.count(sign) for sign in "]}")
