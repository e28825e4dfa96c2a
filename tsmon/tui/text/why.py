"""Why something is not well, in words: verdict, cause, what to do, evidence, events, log lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tsmon.telemetry.activity import Doing, activity_of, activity_of_worker
from tsmon.telemetry.limits.limit import LimitState
from tsmon.telemetry.logs.request_report import RequestPhase
from tsmon.telemetry.logs.request_times import FAILED
from tsmon.telemetry.status_signs import SERVER_SIGNS
from tsmon.tui.text.activity import format_worker
from tsmon.tui.text.description import cause_spans, verdict_spans
from tsmon.tui.text.model_state import WELL, WORKER_STATES
from tsmon.tui.text.tones import Span, Tone, tone_of
from tsmon.units import ABSENT, count, duration, milliseconds, per_second, percent, plural

if TYPE_CHECKING:
    from tsmon.telemetry.events import Event
    from tsmon.telemetry.log_page.lines import LogLine
    from tsmon.telemetry.logs.causes import Cause
    from tsmon.telemetry.snapshot import ModelStatus, Snapshot
    from tsmon.tui.text.notes import Note

FOLDED_LINES = 4
"""Of a traceback that is folded: its last ones, where the exception is."""

LIMIT_TONES = {
    LimitState.WITHIN: Tone.GOOD,
    LimitState.PENDING: Tone.PLAIN,
    LimitState.EXCEEDED: Tone.WARNING,
    LimitState.UNKNOWN: Tone.MUTED,
}
Section = tuple[str, list[Span]]
"""A heading, empty for the first, and what is below it."""


def server_sections(snapshot: Snapshot, notices: Sequence[Note]) -> Iterator[Section]:
    """The server's state, the problem with it and the way out, and what else is missing."""
    server = snapshot.server
    sign = SERVER_SIGNS[server.state]
    verdict: list[Span] = [(str(sign), tone_of(sign.grade)), (f"  {server.label}", Tone.PLAIN)]
    if server.last_answer is not None:
        answered = f"{server.last_answer.wall.astimezone():%H:%M:%S}"
        verdict.append((f"  last answer {answered}", Tone.MUTED))
    yield "", verdict
    if server.problem is not None:
        cause: list[Span] = [(str(server.problem), Tone.BAD)]
        if server.problem.hint:
            cause.append((f"\n→ {server.problem.hint}", Tone.PLAIN))
        yield "Cause", cause
    for note in notices:
        hint = f"\n→ {note.hint}" if note.hint else ""
        yield "Missing", [(note.message, Tone.WARNING), (hint, Tone.PLAIN)]


def model_sections(
    snapshot: Snapshot, model: ModelStatus, worker_id: str, old: str
) -> Iterator[Section]:
    """What is known of a version, the verdict first."""
    verdict = verdict_spans(model, old)
    if queueing := _queueing(model):
        verdict.append((f"\n{queueing}", Tone.WARNING))
    yield "", verdict
    if model.cause is not None:
        since = "Cause" if model.verdict.health not in WELL else "Cause of the last failure"
        yield since, cause_spans(model.cause)
    if model.limits:
        yield "Limits", limit_spans(snapshot, model)
    if evidence := list(_evidence(snapshot, model)):
        yield "Evidence", _rows(evidence)
    if workers := _workers(model, worker_id):
        yield "Workers", workers


def traceback_section(cause: Cause | None, unfold: str, *, opened: bool) -> Iterator[Section]:
    """What was written when it failed; folded its end alone, and the key that unfolds it."""
    if cause is None or len(cause.detail_lines) < 2:
        return
    lines = cause.detail_lines
    left = 0 if opened else max(len(lines) - FOLDED_LINES, 0)
    above = f"… {plural(left, 'line')} above, {unfold} unfolds\n" if left else ""
    yield "Traceback", [(above, Tone.MUTED), ("\n".join(lines[left:]), Tone.PLAIN)]


def event_section(events: Sequence[Event]) -> Section:
    """What happened, the newest first."""
    spans: list[Span] = []
    for event in reversed(events):
        tone = Tone.BAD if event.kind.is_bad else Tone.PLAIN
        spans += [
            ("\n" if spans else "", Tone.PLAIN),
            (f"{event.at.wall.astimezone():%H:%M:%S} ", Tone.MUTED),
            (f"{event.kind}  ", tone),
            (event.text, Tone.MUTED),
        ]
    return "Events", spans


def log_section(lines: Sequence[LogLine], *, opened: bool) -> Section:
    """The lines of the log that decide, each with its time; tracebacks folded to their cause."""
    spans: list[Span] = []
    for each in lines:
        stamp = each.stamp[11:23] or ABSENT
        spans += [("\n" if spans else "", Tone.PLAIN), (f"{stamp} ", Tone.MUTED)]
        fold = each.fold if each.is_head else None
        tone = Tone.BAD if each.level is not None and each.level.name == "ERROR" else Tone.PLAIN
        spans.append((fold.title if fold and fold.title else each.text, tone))
        if fold and opened:
            spans += [(f"\n    {member.text}", Tone.MUTED) for member in fold.members]
        elif fold:
            spans.append((f"  +{plural(len(fold.members), 'line')}", Tone.MUTED))
    return "Log", spans


def _queueing(model: ModelStatus) -> str:
    """That requests mostly wait, where the verdict does not say it."""
    activity = activity_of(model)
    if activity.doing is Doing.WAITS and activity.share is not None:
        return f"queueing: {percent(activity.share)} of a request's time passes in the queue"
    if activity.doing is Doing.UNANSWERED:
        return "requests came, and none was answered for a minute"
    return ""


def _evidence(snapshot: Snapshot, model: ModelStatus) -> Iterator[tuple[str, str]]:
    if rate := model.traffic.interval.per_second:
        yield "requests", per_second(rate)
    if errors := snapshot.errors_per_second(model):
        yield "errors", per_second(errors)
    report = model.requests
    if report is not None:
        for label, statuses in (
            ("last minute", report.minute_statuses),
            ("5 minutes", report.statuses),
        ):
            if failed := {status: n for status, n in statuses.items() if status >= FAILED}:
                how = ", ".join(f"{count(n)}× {status}" for status, n in sorted(failed.items()))
                total = plural(sum(statuses.values()), "request")
                yield label, f"{count(sum(failed.values()))} of {total} failed: {how}"
        for phase in (RequestPhase.QUEUE, RequestPhase.INFERENCE):
            found = report.minute.get(phase)
            if found:
                shown = " ".join(
                    f"{name} {milliseconds(value)}"
                    for name, value in (("p50", found.p50), ("p95", found.p95), ("p99", found.p99))
                )
                yield phase.value, shown
    queue = model.described.queue
    if queue and queue.pending:
        yield "queued", f"{count(queue.pending)} of {plural(queue.capacity, 'place')}"


def limit_spans(snapshot: Snapshot, model: ModelStatus) -> list[Span]:
    """Each limit with how it stands, and for how long it has."""
    spans: list[Span] = []
    for status in model.limits:
        lasted = f" for {duration(snapshot.at.since(status.since))}" if status.since else ""
        tone = LIMIT_TONES[status.state]
        spans += [("\n" if spans else "", Tone.PLAIN), (f"{status.state}{lasted}  ", tone)]
        spans.append((str(status), Tone.PLAIN))
    return spans


def _rows(rows: Sequence[tuple[str, str]]) -> list[Span]:
    width = max(len(label) for label, _ in rows)
    spans: list[Span] = []
    for label, value in rows:
        spans += [(f"{'' if not spans else chr(10)}{label:<{width}}  ", Tone.MUTED)]
        spans.append((value, Tone.PLAIN))
    return spans


def _workers(model: ModelStatus, worker_id: str) -> list[Span]:
    """One of the workers, or all; what the verdict on the model says already is left out."""
    said = model.verdict.evidence
    spans: list[Span] = []
    for worker in model.workers:
        if worker_id not in ("", worker.worker.id):
            continue
        state, tone = WORKER_STATES[worker.verdict.health]
        activity, activity_tone = format_worker(activity_of_worker(model, worker))
        spans += [
            (f"{'' if not spans else chr(10)}{worker.worker.id}  ", Tone.PLAIN),
            (f"{state}  ", tone),
            (f"{activity}  " if worker.ready and activity != ABSENT else "", activity_tone),
            ("" if worker.verdict.evidence == said else worker.verdict.evidence, Tone.MUTED),
        ]
    return spans
