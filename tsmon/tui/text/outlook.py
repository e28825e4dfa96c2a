"""What a number of workers would do, and how many it takes, in a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from tsmon.tui.text.tones import Span, Tone, line
from tsmon.units import byte_size, milliseconds, per_second, percent, plural

if TYPE_CHECKING:
    from tsmon.load.capacity.advice import Advice
    from tsmon.load.capacity.prediction import Forecast


def format_outlook(advice: Advice, workers: int | None) -> Content:
    """The prediction for a number of workers, and the advice or why there is none."""
    prediction = advice.at(workers) if workers is not None else None
    spans = [] if prediction is None else [*_predicted(advice, prediction), ("\n", Tone.PLAIN)]
    return line(*spans, _advised(advice))


def _predicted(advice: Advice, row: Forecast) -> list[Span]:
    at = f"At {per_second(advice.rate)}, as in the last minute: "
    busy = percent(row.utilisation)
    if row.unknown:
        return [
            (at, Tone.MUTED),
            (f"{busy} busy; queue times are not known: {row.unknown}", Tone.MUTED),
        ]
    if row.queue_ms is None:
        return [(at, Tone.MUTED), (f"! {busy} of capacity, the queue grows", Tone.BAD)]
    parts = [f"{busy} busy", f"queue {milliseconds(row.queue_ms)}"]
    parts.append(f"p95 {milliseconds(row.p95_ms)}")
    if row.memory_bytes is not None:
        parts.append(byte_size(row.memory_bytes))
    return [(at, Tone.MUTED), (", ".join(parts), Tone.PLAIN), (f" ({row.basis})", Tone.MUTED)]


def _advised(advice: Advice) -> Span:
    if advice.workers is None:
        return f"The required workers are not known: {'; '.join(advice.reasons[:1])}", Tone.MUTED
    return f"{plural(advice.workers, 'worker')} would be enough: {advice.target}", Tone.GOOD
