"""A version in words: its verdict and cause, its settings, its workers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsmon.telemetry.activity import activity_of_worker
from tsmon.tui.text.activity import format_worker
from tsmon.tui.text.model_state import WORKER_STATES, state_of
from tsmon.tui.text.tones import Span, Tone
from tsmon.units import ABSENT, byte_size, count, plural

if TYPE_CHECKING:
    from tsmon.telemetry.logs.causes import Cause
    from tsmon.telemetry.snapshot import ModelStatus, WorkerStatus
    from tsmon.torchserve.records import ModelVersion

_LABEL = 11


def describe_in_words(model: ModelStatus, described: ModelVersion, old: str = "") -> list[Span]:
    """What is known of a version, the sense first; `old` says of when, where that is not now."""
    spans = [*verdict_spans(model, old)]
    if model.cause is not None:
        spans += [("\n\n", Tone.PLAIN), *cause_spans(model.cause)]
    spans.append(("\n", Tone.PLAIN))
    for label, value in _settings(model, described):
        spans += [(f"\n{label:<{_LABEL}} ", Tone.MUTED), (value, Tone.PLAIN)]
    spans.append(("\n", Tone.PLAIN))
    for worker in model.workers:
        spans += [("\n", Tone.PLAIN), *_worker(model, worker, old)]
    if not model.workers:
        spans.append(("\nno workers", Tone.MUTED))
    return spans


def verdict_spans(model: ModelStatus, old: str = "") -> list[Span]:
    """The verdict in a word, and what it rests on."""
    glyph, word, tone = state_of(model)
    evidence = model.evidence
    spans = [(f"{glyph} {word}", tone), (f"  {evidence}", Tone.PLAIN)]
    if old:
        spans.append((f"  {old}", Tone.MUTED))
    if model.problem and model.problem != evidence:
        spans.append((f"\n{model.problem}", Tone.WARNING))
    return spans


def cause_spans(cause: Cause) -> list[Span]:
    """Why it failed the last time, and what to do about it."""
    times = f" ({cause.times}× in the last minute)" if cause.times else ""
    sure = "" if cause.certain else "perhaps: "
    who = f"worker {cause.worker_id}, " if cause.worker_id else ""
    spans = [
        (f"{sure}{cause.message}{times}", Tone.BAD),
        (f"\n{who}{cause.time:%H:%M:%S}", Tone.MUTED),
    ]
    if cause.hint:
        spans.append((f"\n→ {cause.hint}", Tone.PLAIN))
    return spans


def _settings(model: ModelStatus, described: ModelVersion) -> Iterator[tuple[str, str]]:
    default = "the default version" if model.is_default else "not the default version"
    yield "version", f"{described.version}, {default}"
    yield "archive", described.url or ABSENT
    most = count(described.max_workers)
    yield "workers", f"{model.ready} ready, min {described.min_workers}, max {most}"
    delay = described.max_batch_delay_ms
    batch = f"batches of up to {count(described.batch_size)}"
    if described.batch_size == 1:
        batch = "one request at a time"
    elif delay is not None:
        batch += f", waits up to {count(delay)} ms for them to fill"
    yield "batching", batch
    yield "time-outs", _timeouts(described)
    if described.queue:
        queue = described.queue
        yield "queue", f"{count(queue.pending)} of {plural(queue.capacity, 'place')} taken"
    runtime = ", ".join(filter(None, (described.runtime, described.device_type)))
    if runtime:
        yield "runtime", runtime


def _timeouts(described: ModelVersion) -> str:
    response, start = described.response_timeout_s, described.startup_timeout_s
    if response is None and start is None:
        return "not reported, as by every TorchServe before 0.11"
    return f"response {count(response)} s, start-up {count(start)} s"


def _worker(model: ModelStatus, worker: WorkerStatus, old: str) -> list[Span]:
    state, tone = WORKER_STATES[worker.verdict.health]
    spans: list[Span] = [(f"{worker.worker.id}  ", Tone.PLAIN)]
    if old:
        return [*spans, (f"? was {worker.verdict.health}", Tone.MUTED)]
    spans += [(state, tone), (f"  {worker.verdict.evidence}", Tone.MUTED)]
    activity, activity_tone = format_worker(activity_of_worker(model, worker))
    if worker.ready and activity != ABSENT:
        spans.append((f"  {activity}", activity_tone))
    if worker.memory_bytes:
        spans.append((f"  {byte_size(worker.memory_bytes)}", Tone.MUTED))
    return spans
