"""What a person types to see only some rows of a table or a list.

    mnist       rows that contain the text
    ~mn.*2      rows that the regular expression finds; also /mn.*2/
    !ready      rows that do not match what follows the mark: a text or an expression

Upper and lower case are the same; `(?-i:...)` in an expression makes case matter.
"""

from __future__ import annotations

import re
import warnings

from msgspec import Struct

GRAMMAR = "text   !not   ~regex   /regex/"
"""The four forms, for the empty field."""


class Filter(Struct, frozen=True):
    """What was typed, and which texts pass; without a pattern all do."""

    text: str = ""
    pattern: re.Pattern[str] | None = None
    inverse: bool = False
    problem: str = ""
    """Why the expression is not valid; until it is corrected nothing is hidden."""

    def __bool__(self) -> bool:
        """Whether it can hide anything."""
        return self.pattern is not None

    def passes(self, text: str) -> bool:
        """Whether a row with this text is shown."""
        if self.pattern is None:
            return True
        return (self.pattern.search(text) is None) is self.inverse


def parse_filter(typed: str) -> Filter:
    """Read a filter; one that is only begun, such as `!`, lets everything pass."""
    text = typed.strip()
    inverse = text.startswith("!")
    wanted = text[1:].strip() if inverse else text
    expression = _expression(wanted)
    source = re.escape(wanted) if expression is None else expression
    if not source:
        return Filter(text)
    try:
        with warnings.catch_warnings(action="ignore", category=FutureWarning):
            # What `[[` may mean one day would be printed across the screen.
            return Filter(text, re.compile(source, re.IGNORECASE), inverse)
    except (re.error, OverflowError, RecursionError) as error:
        return Filter(text, problem=f"not a valid regular expression: {error}")


def _expression(wanted: str) -> str | None:
    """The regular expression in it, None when it is plain text.

    The closing slash may be missing, as it is while one types.
    """
    if wanted.startswith("~"):
        return wanted[1:]
    if wanted.startswith("/"):
        return wanted[1:].removesuffix("/")
    return None
