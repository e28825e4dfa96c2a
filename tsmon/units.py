"""Numbers in words, one style each: counts, sizes, lengths of time, rates, shares.

Short, with their unit, never a bare float. What cannot be known is `ABSENT`, never 0.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TypeGuard

ABSENT = "–"
"""Stands for a number that is not known; the metrics pane says why."""
KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

Quantity = float | StrEnum | None
"""A number, or why it cannot be known."""

_SCALES = ((1e12, 1e12, "T"), (1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k"))
_LONG_TIMES = ((2 * 86400, 86400, "d"), (2 * 3600, 3600, "h"), (120, 60, "min"))
"""From how many seconds on a unit is used, and how many it has."""


def is_known(value: Quantity) -> TypeGuard[float]:
    """Whether there is a number."""
    return isinstance(value, int | float) and math.isfinite(value)


def known(value: Quantity) -> float | None:
    """The number for a record; None where it cannot be known."""
    return value if is_known(value) else None


def number(value: Quantity) -> str:
    """A quantity with about three figures: `0`, `0.042`, `4.2`, `41.2`, `412`, `12.3k`."""
    if not is_known(value):
        return ABSENT
    for least, scale, suffix in _SCALES:
        if value >= least:
            return f"{_figures(value / scale)}{suffix}"
    return _figures(value)


def fixed(value: Quantity, decimals: int = 2) -> str:
    """A quantity for a column that programs read, without a unit: `8.10`."""
    return f"{value:.{decimals}f}" if is_known(value) else ABSENT


def count(value: Quantity) -> str:
    """A whole number with a thousands separator: `12,345`."""
    if not is_known(value):
        return ABSENT
    return f"{value:,.0f}" if value < 1e9 else number(value)


def plural(amount: int, one: str, many: str = "") -> str:
    """`1 worker`, `2 workers`."""
    return f"{count(amount)} {one if amount == 1 else many or f'{one}s'}"


def times(amount: int) -> str:
    """How often: `once`, `twice`, `3 times`."""
    return {1: "once", 2: "twice"}.get(amount, f"{count(amount)} times")


def byte_size(size: Quantity) -> str:
    """Bytes: `312 B`, `9 KiB`, `712 MiB`, `1.4 GiB`."""
    if not is_known(size):
        return ABSENT
    if size < KIB:
        return f"{size:.0f} B"
    if size < MIB:
        return f"{size / KIB:.0f} KiB"
    mib = size / MIB
    return f"{mib:.0f} MiB" if mib < 1000 else f"{number(mib / 1024)} GiB"


def milliseconds(value: Quantity) -> str:
    """A duration given in milliseconds: `0.31 ms`, `8.1 ms`, `1.2 s`."""
    if not is_known(value):
        return ABSENT
    if value >= 1000:
        return f"{number(value / 1000)} s" if value < 120_000 else duration(value / 1000)
    if 0 < value < 0.01:
        return "<0.01 ms"
    return f"{value:.2f} ms" if 0 < value < 0.995 else f"{_figures(value)} ms"


def bare_milliseconds(value: Quantity) -> str:
    """Milliseconds for a column of them, without the unit; from a second on with that: `1.2 s`."""
    if is_known(value) and value >= 1000:
        return duration(value / 1000)
    return number(round(value, 2)) if is_known(value) else ABSENT


def duration(seconds: Quantity) -> str:
    """A length of time that was measured: `0.2 s`, `12 s`, `3 min`, `2.1 h`, `4 d`."""
    if not is_known(seconds):
        return ABSENT
    seconds = max(seconds, 0.0)
    for least, scale, unit in _LONG_TIMES:
        if seconds >= least:
            return f"{_trimmed(seconds / scale)} {unit}"
    return f"{_trimmed(seconds)} s"


def period(seconds: float) -> str:
    """A length of time that was set, exactly: `0.5 s`, `90 s`, `5 min`, `1 h`."""
    for scale, unit in ((3600, "h"), (60, "min")):
        if seconds and seconds % scale == 0:
            return f"{seconds / scale:g} {unit}"
    return f"{seconds:g} s"


def short_period(seconds: float) -> str:
    """The same without a blank, as it is typed and where there is little room: `5m`, `1h`."""
    unit, scale = ("h", 3600) if seconds >= 3600 else ("m", 60) if seconds >= 60 else ("s", 1)
    return f"{seconds / scale:g}{unit}"


def per_second(value: Quantity) -> str:
    """A rate: `41.2/s`."""
    return f"{number(value)}/s" if is_known(value) else ABSENT


def percent(share: Quantity) -> str:
    """A share of 0 to 1, or above: `38%`."""
    return f"{share:.0%}" if is_known(share) else ABSENT


def confidence(probability: Quantity) -> str:
    """A probability of 0 to 1: `99.8%`; never rounded up to a certainty it is not."""
    if not is_known(probability):
        return ABSENT
    return f"{math.floor(probability * 1000) / 10:.1f}%"


def _figures(value: float) -> str:
    if value == 0:
        return "0"
    if value < 0.001:
        return "<0.001"
    if value < 0.995:
        return f"{value:.2g}"
    return f"{value:.1f}" if value < 99.95 else f"{value:.0f}"


def _trimmed(value: float) -> str:
    """One decimal below 10, unless it is 0."""
    return f"{value:.1f}".removesuffix(".0") if value < 9.95 else f"{value:.0f}"
