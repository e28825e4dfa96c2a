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
    Doing.WORKS: ("◆ works", Tone.PLAIN),
    Doing.WAITS: ("◇ waits", Tone.WARNING),
    Doing.UNANSWERED: ("◌ stalls", Tone.WARNING),
    Doing.FAILS: ("✗ fails", Tone.BAD),
}
BAR = 10
"""Characters of the bar that tells waiting from working."""


def spell_model(activity: Activity) -> Span:
    """Such as `◇ waits`."""
    return _WORDS[activity.doing]


def spell_worker(activity: Activity) -> Span:
    """Such as `◆ busy 87%`."""
    if activity.share is not None:
        return f"◆ busy {activity.share:.0%}", Tone.PLAIN
    return _WORDS[activity.doing]


def spell_split(usage: Usage) -> list[Span]:
    """Where the time of a request goes: a bar, and both parts in milliseconds."""
    total, queue = usage.inference_ms, usage.queue_ms
    if not isinstance(total, float) or not isinstance(queue, float):
        return []
    waiting = round(min(queue / total, 1.0) * BAR)
    return [
        ("░" * waiting, Tone.WARNING),
        ("█" * (BAR - waiting), Tone.ACCENT),
        (f" {milliseconds(queue)} waiting + {milliseconds(total - queue)} working", Tone.PLAIN),
    ]
