"""Single lines of Prometheus' text format, as Java's simpleclient and others write them."""

from __future__ import annotations

import math
import re

# Possessive, so that no line takes longer than its length.
_SAMPLE = re.compile(
    r"([a-z_:][\w:]*+)\s*+(?:\{(.*)\}\s*+|(?<=\s))(\S++)(?:\s++-?\d++)?\s*+",
    re.ASCII | re.IGNORECASE,
)
_LABEL = re.compile(
    r'\s*+([a-z_]\w*+)\s*+=\s*+"((?:[^"\\]|\\.)*+)"\s*+(?:,|$)',
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "\\": "\\", '"': '"'}


def read_sample(line: str) -> tuple[str, dict[str, str], str]:
    """Name, labels and number of a line; a moment behind the number is left out.

    Raises:
        ValueError: it is no sample.
    """
    match = _SAMPLE.fullmatch(line.strip())
    if match is None or not is_number(match[3]):
        raise ValueError(line)
    return match[1], _labels(match[2] or ""), match[3]


def read_declaration(line: str) -> tuple[str, str]:
    """The name that a comment is about, and its type if it tells it; both empty for mere words.

    Raises:
        ValueError: it names nothing.
    """
    words = line[1:].split(None, 3)
    if not words or words[0] not in {"HELP", "TYPE"}:
        return "", ""
    if len(words) < (3 if words[0] == "TYPE" else 2):
        raise ValueError(line)
    return words[1], words[2] if words[0] == "TYPE" else ""


def is_number(text: str) -> bool:
    """Whether it is a number of this format, which has no `1_000`."""
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def quantity(text: str) -> float | None:
    """The number, if it is one that a sum or a size can have."""
    number = float(text)
    return number if math.isfinite(number) and number >= 0 else None


def _labels(text: str) -> dict[str, str]:
    labels: dict[str, str] = {}
    end = 0
    while end < len(text):
        match = _LABEL.match(text, end)
        if match is None:
            raise ValueError(text)
        labels[match[1]] = _ESCAPED.sub(_unescape, match[2]) if "\\" in match[2] else match[2]
        end = match.end()
    return labels


def _unescape(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[1], match[0])
