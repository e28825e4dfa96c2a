"""What a colour means on this screen; never the only carrier of the meaning."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from rich.style import Style
from textual.color import Color, ColorParseError
from textual.content import Content

from tsmon.telemetry.status_signs import Grade
from tsmon.untrusted.text import visible


class Tone(StrEnum):
    """The meanings, by the theme variable that colours them."""

    PLAIN = ""
    MUTED = "foreground-muted"
    GOOD = "text-success"
    WARNING = "text-warning"
    BAD = "text-error"
    ACCENT = "text-primary"
    COMPUTE = "compute-middle"
    """What workers do for requests."""
    QUEUE = "queue-middle"
    """Requests that no worker has taken yet."""
    P50 = "compute-calm"
    P90 = "compute-middle"
    P99 = "compute-strong"


_GRADES = {
    Grade.GOOD: Tone.GOOD,
    Grade.NEUTRAL: Tone.MUTED,
    Grade.WARNING: Tone.WARNING,
    Grade.BAD: Tone.BAD,
}


def tone_of(grade: Grade) -> Tone:
    """The tone of a verdict."""
    return _GRADES[grade]


LEAST_MUTED = 0.75
"""How much of the colour of words is left, since a table may be on another shade than a panel."""
LONGEST_SPAN = 20_000
"""Characters of one piece of text; a message of 1 MB would keep the screen busy for seconds."""

Span = tuple[str, Tone]
"""A piece of text and its meaning."""


def line(*spans: Span) -> Content:
    """Pieces of text in a visible form as one content, which follows the theme."""
    shown = ((visible(_bounded(text), keep_lines=True), tone) for text, tone in spans)
    return Content.assemble(*((text, f"${tone}" if tone else "") for text, tone in shown))


def _bounded(text: str) -> str:
    """A text that can be drawn without a pause."""
    left = len(text) - LONGEST_SPAN
    return text if left <= 0 else f"{text[:LONGEST_SPAN]}… and {left:,} more characters"


def rich_style(tone: Tone, variables: Mapping[str, str]) -> Style:
    """The tone for those widgets that take Rich text; `variables` are the theme's."""
    if tone is Tone.PLAIN:
        return Style.null()
    try:
        words, behind = Color.parse(variables[tone]), Color.parse(variables["panel"])
    except (KeyError, ColorParseError):
        return Style(dim=tone is Tone.MUTED)
    if tone is not Tone.MUTED:
        return Style(color=words.rich_color)
    if words.ansi is not None or behind.ansi is not None:
        return Style(dim=True)
    return Style(color=(behind + words.with_alpha(max(words.a, LEAST_MUTED))).rich_color)
