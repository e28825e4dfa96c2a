"""Text that others wrote, in a form that is safe to show and to hand on.

A model name, a log line or an error message may hold anything. A control character in it would be
an order to the terminal, a bidirectional override would show other words than there are, and a
zero-width character would hide. Requests keep the real value; what is shown goes through here.
"""

from __future__ import annotations

import re

from tsmon.untrusted.secrets import masked

LONGEST_LINE = 500
"""Characters of one message that are shown; the rest is counted."""

MOST_LINES = 20
"""Lines of a message that are shown."""
LONGEST_NAME = 100
"""Characters of others in the name of a file; file systems take 255 bytes."""

_CONTROLS = r"\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
_SEPARATORS = r"\u2028\u2029"
_BIDIRECTIONAL = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_ZERO_WIDTH = (
    r"\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f"
    r"\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e0fff"
)
_SURROGATES = r"\ud800-\udfff"
_CLASS = _CONTROLS + _SEPARATORS + _BIDIRECTIONAL + _ZERO_WIDTH + _SURROGATES
_UNSAFE = re.compile(f"[{_CLASS}]")
_UNSAFE_IN_LINES = re.compile(rf"(?![\n\t])[{_CLASS}]")
_PRINTABLE = (
    *(0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x3164, 0xFFA0),
    *range(0xFE00, 0xFE10),
    *range(0xE0100, 0xE01F0),
)
_HIDDEN = frozenset(map(chr, _PRINTABLE))
"""Those of the class that Python takes for printable."""
_STARTS_A_FORMULA = re.compile(r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)


def visible(text: str, *, keep_lines: bool = False) -> str:
    r"""The text with every character that is not plainly seen as an escape: `\x1b`, `\u202e`.

    Secrets are not shown at all: see `masked`. With `keep_lines` line feeds and tabs stay, for text
    of several lines.
    """
    text = masked(text)
    if is_plain(text):
        return text
    return (_UNSAFE_IN_LINES if keep_lines else _UNSAFE).sub(_escape, text)


def one_line(text: str, most: int = LONGEST_LINE) -> str:
    """The text as one visible line; what is beyond `most` characters is counted, not shown."""
    line = visible(" ".join(text[: 4 * most].split()))
    if len(line) <= most and len(text) <= 4 * most:
        return line
    return f"{line[:most]}… ({len(text):,} characters)"


def brief(text: str, most: int = LONGEST_LINE) -> str:
    """The text visible, with its blanks; cut after `most` characters, as a cell of a table."""
    shown = visible(text[:most])
    return shown if len(text) <= most else f"{shown}…"


def few_lines(text: str, most: int = MOST_LINES) -> str:
    """The first lines of a text, each visible and cut as `brief` does."""
    first, *more = text[: most * LONGEST_LINE].split("\n", most)
    return "\n".join(map(brief, [first, *more[: most - 1]]))


def harmless(text: str) -> str:
    """The text with a replacement character for each that `visible` would escape."""
    return text if is_plain(text) else _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text)


def file_word(text: str) -> str:
    """A part for a file's name that leads to no other folder: letters, digits, `.`, `-`, `_`."""
    return re.sub(r"[^\w.-]", "_", text)[:LONGEST_NAME]


def csv_cell(value: object) -> object:
    """A cell of a CSV file that no spreadsheet runs as a formula; numbers stay as they are.

    A text that begins like a formula gets a `'` before it (OWASP, "CSV injection").
    """
    if not isinstance(value, str) or not _STARTS_A_FORMULA.match(value):
        return value
    return value if _NUMBER.fullmatch(value) else f"'{value}"


def is_plain(text: str) -> bool:
    """Whether it is safe, as nearly all is; much faster than the pattern."""
    return text.isprintable() and (text.isascii() or _HIDDEN.isdisjoint(text))


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
