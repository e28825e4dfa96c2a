"""Single lines of Prometheus' text format, as Java's simpleclient and others write them."""

from __future__ import annotations

import math
import re

_LABEL = re.compile(r'([a-zA-Z_]\w*+)="([^"\\]*+)"', re.ASCII)
_SAMPLE = re.compile(
    r'([a-zA-Z_:][\w:]*+)(?:\{((?:[a-zA-Z_]\w*+="[^"\\]*+"(?:,|(?=\})))*+)\})? (\S++)', re.ASCII
)
"""A sample as TorchServe writes it; what else the format allows is left to prometheus-client."""


def read_sample(line: str) -> tuple[str, dict[str, str], str]:
    """Name, labels and number of a line; a moment behind the number is left out.

    Raises:
        ValueError: it is no sample.
    """
    match = _SAMPLE.fullmatch(line)
    if match is None or not is_number(match[3]):
        return _read_any(line)
    return match[1], dict(_LABEL.findall(match[2] or "")), match[3]


def _read_any(line: str) -> tuple[str, dict[str, str], str]:
    # Imported here because its package costs 70 ms, which no plain exposition should pay.
    from prometheus_client.parser import text_string_to_metric_families

    try:
        (family,) = text_string_to_metric_families(line)
        (sample,) = family.samples
    except (ValueError, KeyError, IndexError, AttributeError):
        raise ValueError(line) from None
    return sample.name, dict(sample.labels), str(sample.value)


def read_declaration(line: str) -> tuple[str, str]:
    """The name that a comment is about, and its type if it shows it; both empty for mere words.

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


def is_quantity(number: float) -> bool:
    """Whether a sum or a size can be that."""
    return math.isfinite(number) and number >= 0
