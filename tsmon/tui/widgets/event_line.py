"""An event in one line."""

from __future__ import annotations

from textual.content import Content

from tsmon.telemetry.events import Event
from tsmon.tui.tones import Span, Tone, line


def spell(event: Event) -> Content:
    """An event as a line."""
    tone = Tone.BAD if event.kind.is_bad else Tone.PLAIN
    mark = "!" if event.kind.is_bad else " "
    spans: list[Span] = [
        (f"{event.at.wall.astimezone():%H:%M:%S} ", Tone.MUTED),
        (f"{mark} {event.kind:<18} ", tone),
        (event.subject, Tone.PLAIN),
        (f"  {event.text}", Tone.MUTED),
    ]
    return line(*spans)
