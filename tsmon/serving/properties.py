r"""Java's .properties format, as `java.util.Properties.load` reads it from bytes.

Such a file is Latin-1, so everything else is written as `\uXXXX`, in UTF-16 units.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_NAMED = {"\t": "\\t", "\n": "\\n", "\r": "\\r", "\f": "\\f", "\\": "\\\\"}
_UNNAMED = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_SPACE = " \t\f"
_PAIR = re.compile(
    rf"""
    (?P<key> (?: \\. | [^\\=:{_SPACE}] )* )
    [{_SPACE}]* (?: [=:] [{_SPACE}]* )?
    (?P<value> .* )
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)


def render_pair(key: str, value: str) -> str:
    """One line `key=value`, without its newline."""
    escaped_key = re.sub(r"([ =:#!])", r"\\\1", _escape(key))
    escaped_value = _escape(value)
    if escaped_value.startswith(" "):  # leading blanks would be skipped
        escaped_value = "\\" + escaped_value
    return f"{escaped_key}={escaped_value}"


def parse(text: str) -> dict[str, str]:
    """The settings of a .properties file; of a key given twice the last one holds."""
    return dict(pairs(text))


def pairs(text: str) -> Iterator[tuple[str, str]]:
    """Each setting of a .properties file in turn."""
    for line in _logical_lines(text):
        match = _PAIR.fullmatch(line)
        assert match is not None, "every line matches"  # noqa: S101
        yield _unescape(match["key"]), _unescape(match["value"])


def _escape(text: str) -> str:
    return "".join(_NAMED.get(character) or _ascii(character) for character in text)


def _ascii(character: str) -> str:
    if " " <= character <= "~":
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{high:02x}{low:02x}" for high, low in zip(*[iter(units)] * 2, strict=True))


def _unescape(text: str) -> str:
    plain = _ESCAPE.sub(_unescape_one, text)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _unescape_one(match: re.Match[str]) -> str:
    code, character = match.groups()
    return chr(int(code, 16)) if code else _UNNAMED.get(character, character)


def _logical_lines(text: str) -> Iterator[str]:
    """Lines without comments and blanks, those that end in a backslash joined with the next."""
    pending = ""
    for natural in re.split(r"\r\n|\n|\r", text):
        line = natural.lstrip(_SPACE)
        if not pending and (not line or line[0] in "#!"):
            continue
        line = pending + line
        backslashes = len(line) - len(line.rstrip("\\"))
        if backslashes % 2:
            pending = line[:-1]
            continue
        pending = ""
        yield line
    if pending:
        yield pending
