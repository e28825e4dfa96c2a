"""Ten probabilities as bars."""

from __future__ import annotations

from collections.abc import Sequence

from tsmon.tui.text.symbols import Symbols
from tsmon.tui.text.tones import Span, Tone
from tsmon.units import confidence

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_NUMBERS = 11
"""Columns of a line that are no bar."""


def format_bars(probabilities: Sequence[float], width: int, symbols: Symbols) -> list[Span]:
    """A line for each digit; the likeliest has a sign, so that no colour is needed to find it."""
    room = max(width - _NUMBERS, 1)
    best = max(range(len(probabilities)), key=probabilities.__getitem__)
    spans: list[Span] = []
    for digit, probability in enumerate(probabilities):
        tone = Tone.ACCENT if digit == best else Tone.MUTED
        sign = ">" if digit == best else " "
        bar = draw_bar(probability, room, symbols)
        end = "" if digit == len(probabilities) - 1 else "\n"
        spans.append((f"{sign} {digit} ", tone if digit == best else Tone.PLAIN))
        spans.append((bar.ljust(room), tone))
        spans.append((f" {confidence(probability):>6}{end}", Tone.PLAIN))
    return spans


def draw_bar(share: float, width: int, symbols: Symbols) -> str:
    """A bar of `width` columns when the share is 1; in ASCII whole columns only."""
    if symbols is Symbols.ASCII:
        return "#" * round(share * width)
    eighths = round(share * width * 8)
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")
