"""Numbers as they stand on the screen: short, with their unit, never a bare float."""

from __future__ import annotations

import math

from tsmon.telemetry.traffic import Missing

ABSENT = "–"
"""Stands for a number that cannot be known; the metrics pane tells why."""

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_MIB = 1024 * 1024
_SCALES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k"))


def number(value: float | Missing | None) -> str:
    """A quantity with about three figures: `0`, `0.042`, `4.2`, `41.2`, `412`, `12.3k`."""
    if value is None or isinstance(value, Missing) or not math.isfinite(value):
        return ABSENT
    for scale, suffix in _SCALES:
        if value >= scale:
            shown = scale if scale != 1e4 else 1e3
            return f"{_figures(value / shown)}{suffix}"
    return _figures(value)


def milliseconds(value: float | Missing | None) -> str:
    """A duration given in milliseconds: `0.31 ms`, `8.1 ms`, `1.2 s`."""
    if value is None or isinstance(value, Missing) or not math.isfinite(value):
        return ABSENT
    if value >= 1000:
        return f"{number(value / 1000)} s"
    if 0 < value < 0.01:
        return "<0.01 ms"
    return f"{value:.2f} ms" if 0 < value < 0.995 else f"{_figures(value)} ms"


def per_second(value: float | Missing | None) -> str:
    """A rate: `41.2/s`."""
    text = number(value)
    return text if text == ABSENT else f"{text}/s"


def count(value: float) -> str:
    """A whole number with its thousands told apart: `12,345`."""
    return f"{value:,.0f}" if value < 1e9 else number(value)


def memory(size: int | None) -> str:
    """Bytes: `9 KiB`, `712 MiB`, `1.4 GiB`."""
    if size is None:
        return ABSENT
    mib = size / _MIB
    if mib < 1:
        return f"{size / 1024:.0f} KiB"
    return f"{mib:.0f} MiB" if mib < 1000 else f"{number(mib / 1024)} GiB"


def percent(value: float | None) -> str:
    """A share given in percent: `38%`."""
    return ABSENT if value is None else f"{value:.0f}%"


def confidence(value: float | None) -> str:
    """A probability of 0 to 1: `99.8%`; never rounded up to a certainty it is not."""
    if value is None:
        return ABSENT
    return f"{math.floor(value * 1000) / 10:.1f}%"


def duration(seconds: float) -> str:
    """A length of time: `12s`, `3m`, `2h 05m`, `4d`."""
    whole = int(max(seconds, 0))
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m"
    if whole < _DAY:
        return f"{whole // _HOUR}h {whole % _HOUR // _MINUTE:02}m"
    return f"{whole // _DAY}d"


def age(seconds: float) -> str:
    """How long ago something was: `0.2s`, `12s`, `3m`."""
    return f"{max(seconds, 0):.1f}s" if seconds < 10 else duration(seconds)


def plural(amount: int, noun: str) -> str:
    """`1 worker`, `2 workers`."""
    return f"{amount} {noun}" if amount == 1 else f"{amount} {noun}s"


def _figures(value: float) -> str:
    if value == 0:
        return "0"
    if value < 0.001:
        return "<0.001"
    if value < 0.995:
        return f"{value:.2g}"
    return f"{value:.1f}" if value < 99.95 else f"{value:.0f}"
