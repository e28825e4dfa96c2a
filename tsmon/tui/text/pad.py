"""What the draw pad says, as pieces of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsmon.tui.text.tones import Span, Tone
from tsmon.units import confidence, milliseconds

if TYPE_CHECKING:
    from tsmon.digits.canvas import Pen
    from tsmon.load.answers import Answer


def answer(given: Answer | None, cause: str, *, blank: bool) -> list[Span]:
    """The prediction in words, or why there is none."""
    if blank:
        return [
            (
                "draw a digit with the mouse, or put the pen down with space and move it with the "
                "arrows",
                Tone.MUTED,
            )
        ]
    if given is None:
        return [("◌ asking …", Tone.MUTED)]
    if given.error and cause:
        return [(f"✗ {given.failure}\n", Tone.BAD), (cause, Tone.PLAIN)]
    if given.error:
        return [(f"✗ {given.error}", Tone.BAD)]
    spans: list[Span] = [(f"predicted {given.shown}", Tone.ACCENT)]
    if given.confidence is not None:
        spans.append((f"  {confidence(given.confidence)}", Tone.PLAIN))
    return [*spans, (f"  {milliseconds(given.milliseconds)}", Tone.MUTED)]


def pen(held: Pen, *, down: bool, asking_label: bool) -> list[Span]:
    """The pen's state; or the question that is open."""
    if asking_label:
        return [("Which digit is it? 0-9, - unknown, esc cancels", Tone.WARNING)]
    does = "erasing" if held.erases else "draws"
    return [
        ("● pen down" if down else "○ pen up", Tone.ACCENT if down else Tone.PLAIN),
        (f" · {does} · {held.brush.word} brush", Tone.PLAIN),
    ]
