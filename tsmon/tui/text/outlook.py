"""What a number of workers would do, and how many it takes, in a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from tsmon.load.capacity.curve import Basis
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.units import byte_size, milliseconds, per_second, percent, plural

if TYPE_CHECKING:
    from tsmon.load.capacity.advice import Advice
    from tsmon.load.capacity.prediction import Forecast


def format_outlook(advice: Advice, workers: int | None) -> Content:
    """The prediction for a number of workers, and the advice or why there is none."""
    prediction = advice.at(workers) if workers is not None else None
    if workers is None or prediction is None:
        return line(_advised(advice))
    spans = [*_predicted(advice, prediction), ("\n", Tone.PLAIN), _advised(advice)]
    if prediction.p95_ms is not None and (doubts := advice.doubts_at(workers)):
        spans.append((f"\n! {doubts[0].words}", Tone.MUTED))
    return line(*spans)


def predicted_level(advice: Advice, workers: int, *, of_p95: bool) -> tuple[float, str] | None:
    """The time to draw beside those that were measured, and its words; None without one.

    It is p95 where percentiles were measured, else the mean, of queue and service time together.
    """
    row = advice.at(workers)
    if row is None or row.queue_ms is None or row.p95_ms is None:
        return None
    value, name = (row.p95_ms, "p95") if of_p95 else (row.queue_ms + row.service_ms, "mean")
    about = "" if row.basis is Basis.MEASURED else "about "
    return value, f"{plural(workers, 'worker')}: {name} {about}{milliseconds(value)}"


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
