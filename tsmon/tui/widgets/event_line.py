"""An event in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from tsmon.tui.text.tones import Span, Tone, line

if TYPE_CHECKING:
    from tsmon.telemetry.events import Event

WORKER = "worker "
"""Begins the kind and the subject of an event of a worker; once is enough."""


def format_about(event: Event) -> Content:
    """An event where it is known which model it is about, as few words as show it."""
    mark = "!" if event.kind.is_bad else " "
    who = event.subject.removeprefix(str(event.model or "")).strip()
    if event.kind.startswith(WORKER):
        who = who.removeprefix(WORKER)
    spans: list[Span] = [
        (f"{event.at.wall.astimezone():%H:%M:%S} ", Tone.MUTED),
        (f"{mark} {event.kind}", Tone.BAD if event.kind.is_bad else Tone.PLAIN),
        (f" {who}" if who else "", Tone.PLAIN),
        (f"  {event.text}", Tone.MUTED),
    ]
    return line(*spans)


def format_event(event: Event) -> Content:
    """An event as a line."""
    tone = Tone.BAD if event.kind.is_bad else Tone.PLAIN
    mark = "!" if event.kind.is_bad else " "
    spans: list[Span] = [
        (f"{event.at.wall.astimezone():%H:%M:%S} ", Tone.MUTED),
        (f"{mark} {event.kind:<19} ", tone),
        (event.subject, Tone.PLAIN),
        (f"  {event.text}", Tone.MUTED),
    ]
    return line(*spans)
