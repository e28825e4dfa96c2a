"""Whether the lines of a log file have TorchServe's own layout, and what they look like if not."""

from __future__ import annotations

import re

_STAMP = rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d,\d{3}"
_MESSAGE = rb" (?:\[\w+ *\] .+ \S+ )?- "
_KNOWN = re.compile(rb"^(?=.{10}([T ]))" + _STAMP + _MESSAGE, re.MULTILINE)
_PREFIXED = re.compile(rb"^.+?" + _STAMP + _MESSAGE, re.MULTILINE)
_JSON = re.compile(rb"^\s*\{", re.MULTILINE)
_SPACED = re.compile(rb"^(\d{4}-\d\d-\d\d) (?=\d\d:\d\d:\d\d,\d{3} )", re.MULTILINE)
LAYOUT_HINT = "start TorchServe without --log-config, or with its own log4j2.xml"
STRANGE_LINES = 200
"""So many lines in a row may be of stack traces, which have no stamps."""


class Layout:
    """The layout of one file, from one reading to the next.

    TorchServe writes `2026-11-22T16:37:50,499 [INFO ] THREAD LOGGER - MESSAGE`, or without what
    stands between the stamp and the dash. Before 0.5.1 the stamp has a space for its `T`; all else
    reads such lines as if they had the `T`.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._spaced = False
        self.known = False
        """Whether a line was understood."""
        self._strange = 0
        """Lines since the last one that was."""
        self.problem = ""
        """Why nothing is known from the file, in one line; empty where it can be read."""

    def usual(self, text: bytes) -> bytes:
        """Whole lines with their stamps as TorchServe writes them today."""
        known = _KNOWN.search(text)
        if known is not None:
            self.known, self._strange, self.problem = True, 0, ""
            self._spaced = known[1] == b" "
        elif text.strip():
            self._look_at_strange(text)
        return _SPACED.sub(rb"\1T", text) if self._spaced else text

    def _look_at_strange(self, text: bytes) -> None:
        self._strange += text.count(b"\n")
        if self.known and self._strange < STRANGE_LINES:
            return
        self.known = False
        self.problem = f"{self._file} is not read: {_what_else(text)}"


def _what_else(text: bytes) -> str:
    if _JSON.search(text):
        return "its lines are JSON, not in the layout of TorchServe's own log4j2.xml"
    if _PREFIXED.search(text):
        return "something stands before the time of each line, as log shippers write it"
    return "its lines are not in the layout of TorchServe's own log4j2.xml"
