"""Every theme: the same words, and all of them readable."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.color import Color as RichColor
from rich.segment import Segment
from textual.color import Color
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.theme import BUILTIN_THEMES

from tests.snapshots.album import rest
from tests.snapshots.scene import looking_at
from tests.tui.seat import Seat
from tsmon.tui.app.app import MonitorOptions

LEAST_CONTRAST = 3.0
"""Of words to what is behind them; WCAG 2.1 asks it of large text and of signs."""
COLOURED = sorted(name for name in BUILTIN_THEMES if not name.startswith("ansi-"))
"""The others have the colours of the terminal, which nobody knows here."""


async def test_the_words_are_readable(scene: Path) -> None:
    async with looking_at(scene, MonitorOptions(), (120, 30)) as seat:
        weak = set()
        for theme in COLOURED:
            seat.app.theme = theme
            await rest(seat)
            weak |= {(theme, *each) for each in unreadable(seat)}
        assert not weak


def unreadable(seat: Seat) -> Iterator[tuple[str, float]]:
    """The words with too little contrast, with how much they have."""
    for text, ratio in contrasts(seat):
        if ratio < LEAST_CONTRAST and any(map(str.isalnum, text)):
            yield text, round(ratio, 1)


def contrasts(seat: Seat) -> Iterator[tuple[str, float]]:
    """Each piece of text on the screen, with the contrast to its background.

    Above others only the screen on top counts: what it covers is dimmed.
    """
    for segment in segments(seat):
        style = segment.style
        if style and style.color and style.bgcolor:
            yield segment.text.strip(), _ratio(style.color, style.bgcolor)


def segments(seat: Seat) -> Iterator[Segment]:
    """What is drawn on the topmost screen."""
    screen = seat.app.screen
    region = screen.children[0].region if isinstance(screen, ModalScreen) else screen.region
    for y, strip in enumerate(screen._compositor.render_full_update().strips):
        if region.y <= y < region.bottom:
            line = Strip([each for part in strip for each in part])
            yield from line.crop(region.x, region.right)


def _ratio(*both: RichColor) -> float:
    lights = sorted(_luminance(Color.from_rich_color(color)) for color in both)
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _luminance(color: Color) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.1)."""

    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(part) for part in color.normalized)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
