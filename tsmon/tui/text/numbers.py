"""The numbers beside each chart: what a measure is now, was lately, and what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from tsmon.telemetry.traffic import Missing, UsageOrMissing
from tsmon.tui.text.measures import ERRORS, MEMORY, RATE, WAITING, Measure
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.units import ABSENT, byte_size, count, number, plural

if TYPE_CHECKING:
    from tsmon.telemetry.history import HistoryPoint
    from tsmon.telemetry.snapshot import ModelStatus, Snapshot

_WHY = {
    Missing.FIRST_SAMPLE: "1st sample",
    Missing.NO_TRAFFIC: "no requests",
    Missing.UNANSWERED: "unanswered",
    Missing.RESTARTED: "restarted",
    Missing.UNREAD: "unreadable",
    Missing.NO_COUNTERS: "no counters",
}


def compose_numbers(
    measure: Measure,
    snapshot: Snapshot,
    model: ModelStatus,
    points: Sequence[HistoryPoint],
    *,
    with_percentiles: bool,
) -> Content:
    """The measure now, lately and since the start.

    What matters least comes last, since a low pane has no room for it.
    """
    if measure is ERRORS:
        spans = _errors(snapshot, model)
    elif measure is WAITING:
        spans = _waiting(snapshot, model, points)
    elif measure is MEMORY:
        spans = _memory(model)
    else:
        spans = _costs(measure, model, away=snapshot.stale, with_percentiles=with_percentiles)
    (title, _), *rest = spans
    click = f"@click=screen.explain('{measure.id}')"
    return Content("").join([Content.styled(title, click), line(*rest)])


def format_now(measure: Measure, snapshot: Snapshot, model: ModelStatus) -> str:
    """The measure as it is now, without what it rests on."""
    if measure is ERRORS:
        return ERRORS.write(snapshot.errors_per_second(model))
    if measure is WAITING:
        return count(model.pending)
    if measure is MEMORY:
        return byte_size(model.memory_bytes)
    return measure.write(_value(model.traffic.interval, measure))


def _costs(
    measure: Measure, model: ModelStatus, *, away: bool, with_percentiles: bool
) -> list[Span]:
    """What the counters show of a measure, with the requests each number rests on."""
    traffic = model.traffic
    spans = _reading(measure, measure.title, traffic.interval, Tone.ACCENT, away=away)
    spans += _reading(measure, " 1 min", traffic.window)
    if measure is RATE:
        spans.append((_total(traffic.since_start), Tone.MUTED))
    else:
        spans += _reading(measure, " start", traffic.since_start)
    spans += _reading(measure, " 5 min", traffic.long_window)
    if with_percentiles:
        spans += _percentiles(measure, model)
    return spans


def _errors(snapshot: Snapshot, model: ModelStatus) -> list[Span]:
    """How many requests failed, and with which status."""
    now = snapshot.errors_per_second(model)
    last = model.requests.last if model.requests else None
    basis = f"{last.failed} of {last.requests}" if now is not None and last else ""
    statuses = model.requests.statuses if model.requests else {}
    failed = {status: number_ for status, number_ in sorted(statuses.items()) if status >= 400}
    tone = Tone.BAD if now else Tone.ACCENT
    spans = _row(ERRORS.title, ERRORS.write(now), basis, tone)
    if now is not None or model.requests:
        spans += _row(" 5 min", count(sum(failed.values())), _each(failed))
    return spans


def _each(failed: dict[int, int]) -> str:
    return "  ".join(f"{status}: {count(amount)}" for status, amount in failed.items())


def _waiting(snapshot: Snapshot, model: ModelStatus, points: Sequence[HistoryPoint]) -> list[Span]:
    """How many requests wait, and how many may."""
    queue = None if snapshot.stale else model.described.queue
    basis = f"of {count(queue.capacity)}" if queue else ""
    spans = _row(WAITING.title, count(queue.pending) if queue else ABSENT, basis, Tone.ACCENT)
    most = max((point.waiting for point in points if point.waiting is not None), default=None)
    if most is not None:
        spans += _row(" most", count(most), "on chart")
    return spans


def _memory(model: ModelStatus) -> list[Span]:
    """What the workers take together, and each."""
    workers = model.workers
    total = byte_size(model.memory_bytes)
    spans = _row(MEMORY.title, total, plural(len(workers), "worker"), Tone.ACCENT)
    for worker in workers if len(workers) > 1 else ():
        spans += _row(f" {worker.worker.id}", byte_size(worker.memory_bytes), "")
    return spans


def _row(label: str, value: str, basis: str, tone: Tone = Tone.PLAIN) -> list[Span]:
    """One line: the label, the number and what it rests on."""
    label_tone = Tone.MUTED if tone is Tone.PLAIN else Tone.PLAIN
    return [
        (f"{label:<10}", label_tone),
        (f"{value:>8}", tone),
        (f"  {basis}\n", Tone.MUTED),
    ]


def _reading(
    measure: Measure,
    label: str,
    reading: UsageOrMissing,
    tone: Tone = Tone.PLAIN,
    *,
    away: bool = False,
) -> list[Span]:
    basis = "no answer" if away else _basis(reading)
    return _row(label, measure.write(_value(reading, measure)), basis, tone)


def _percentiles(measure: Measure, model: ModelStatus) -> list[Span]:
    """What most requests of the last minute did not exceed, where the log files show it."""
    percentiles = model.percentiles(measure.part) if measure.part else None
    if percentiles is None:
        return []
    spans: list[Span] = []
    for label, value in (
        ("p50", percentiles.p50),
        ("p95", percentiles.p95),
        ("p99", percentiles.p99),
    ):
        spans += [(f" {label} ", Tone.MUTED), (number(round(value, 2)), Tone.PLAIN)]
    return [*spans, (" ms", Tone.MUTED)]


def _total(reading: UsageOrMissing) -> str:
    """The requests since the start; how long that is ago is not known, so there is no rate."""
    if isinstance(reading, Missing):
        return f" {_WHY[reading]}\n"
    return f" start    {count(reading.arrived):>8}  requests\n"


def _value(reading: UsageOrMissing, measure: Measure) -> float | Missing | None:
    return measure.of_usage(reading) if measure.of_usage else None


def _basis(reading: UsageOrMissing) -> str:
    """How many requests the number rests on, or why there is none."""
    if isinstance(reading, Missing):
        return _WHY[reading]
    return f"n {count(reading.counted)}" if reading.counted else _WHY[Missing.NO_TRAFFIC]
