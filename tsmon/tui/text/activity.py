"""What a model or a worker does, in a glyph and a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsmon.telemetry.activity import Activity, Doing
from tsmon.tui.text.tones import Span, Tone
from tsmon.units import ABSENT, milliseconds

if TYPE_CHECKING:
    from tsmon.telemetry.traffic import Usage

_WORDS = {
    Doing.UNKNOWN: (ABSENT, Tone.MUTED),
    Doing.IDLE: ("· idle", Tone.MUTED),
    Doing.WORKS: ("◆ busy", Tone.PLAIN),
    Doing.WAITS: ("◇ queueing", Tone.WARNING),
    Doing.UNANSWERED: ("◌ stalled", Tone.WARNING),
    Doing.FAILS: ("✗ failing", Tone.BAD),
}
BAR = 10
"""Characters of the bar that separates queueing from processing."""


def format_model(activity: Activity) -> Span:
    """Such as `◇ queueing`."""
    return _WORDS[activity.doing]


def format_worker(activity: Activity) -> Span:
    """Such as `◆ busy 87%`."""
    if activity.share is not None:
        return f"◆ busy {activity.share:.0%}", Tone.PLAIN
    return _WORDS[activity.doing]


def format_split(usage: Usage) -> list[Span]:
    """Where the time of a request goes: a bar, and both parts in milliseconds."""
    total, queue = usage.inference_ms, usage.queue_ms
    if not isinstance(total, float) or not isinstance(queue, float):
        return []
    waiting = round(min(queue / total, 1.0) * BAR)
    return [
        ("░" * waiting, Tone.QUEUE),
        ("█" * (BAR - waiting), Tone.COMPUTE),
        (f" {milliseconds(queue)} queued", Tone.QUEUE),
        (" + ", Tone.MUTED),
        (f"{milliseconds(total - queue)} processing", Tone.COMPUTE),
    ]
