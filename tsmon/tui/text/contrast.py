"""How far two colours are apart for who reads one on the other (WCAG 2.1)."""

from __future__ import annotations

from textual.color import Color

LEAST_CONTRAST = 3.0
"""The contrast of words to what is behind them; WCAG 2.1 asks it of large text and of signs."""


def contrast(words: Color, behind: Color) -> float:
    """1 to 21 (WCAG 2.1)."""
    darker, lighter = sorted((_luminance(words), _luminance(behind)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: Color) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.1)."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in color.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
