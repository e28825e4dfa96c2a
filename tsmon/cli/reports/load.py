"""A run's progress and report as words, table, JSON and CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tsmon.cli.output import emit, emit_csv, emit_json, emit_table
from tsmon.load.judging import Judgement, judgement_record
from tsmon.load.run.record import run_record
from tsmon.units import duration, fixed, milliseconds, per_second

if TYPE_CHECKING:
    from datetime import datetime

    from tsmon.load.run.plan import RunPlan
    from tsmon.load.run.report import Latency, RunProgress, RunReport, Streaming

PERCENTILES = {
    "p50": "p50",
    "p90": "p90",
    "p95": "p95",
    "p99": "p99",
    "p99.9": "p999",
    "max": "max",
    "mean": "mean",
}
"""What a table calls the fields of `Latency`."""
FIRST_CHUNK_PERCENTILES = ("p50", "p95", "p99")


def progress_line(progress: RunProgress) -> str:
    """How a run goes, as one line."""
    report, recent = progress.so_far, progress.latency
    parts = [duration(report.seconds), f"{report.answered} answered"]
    if progress.throughput is not None:
        parts.append(per_second(progress.throughput))
    if recent is not None:
        parts.append(f"p50 {milliseconds(recent.p50)}, p95 {milliseconds(recent.p95)}")
    parts.append(f"{report.under_way} in flight")
    if report.unsent:
        parts.append(f"{report.unsent} late")
    if report.failed:
        parts.append(f"{report.failed} failed")
    if report.ending:
        parts.append(f"{report.ending}, waiting for the last answers")
    return f"{report.plan.model}: {', '.join(parts)}"


def say_report(report: RunReport) -> None:
    """The report for a person."""
    emit(f"{_loop(report.plan)}, {duration(report.seconds)}, {report.ending}")
    emit_table(("Requests", "", ""), _rows(report))
    if report.latency is not None:
        emit("")
        emit_table(("Response time", "ms"), _latency_rows(report.latency), right="ms")
    if report.streaming is not None:
        emit("")
        emit_table(("Streamed", ""), _chunk_rows(report.streaming))
    if report.failures:
        emit("")
        emit("Failures")
        for cause, number in report.causes.items():
            emit(f"{number:>8} {cause.label}: {cause.message}".rstrip(": "))


def _loop(plan: RunPlan) -> str:
    version = f" {plan.version}" if plan.version else ""
    if plan.rate is None:
        return f"{plan.model}{version}: closed loop, {plan.connections} in flight"
    how = " at random times" if plan.poisson else ""
    most = f"at most {plan.connections} in flight"
    return f"{plan.model}{version}: open loop, {plan.rate:g}/s planned{how}, {most}"


def _rows(report: RunReport) -> Iterator[tuple[str, str, str]]:
    rate = "" if report.throughput is None else per_second(report.throughput)
    if report.plan.rate is not None:
        late = "the times below do not include how long they waited" if report.unsent else ""
        yield "planned", str(report.planned), ""
        yield "never sent", str(report.unsent), late
    yield "sent", str(report.sent), ""
    yield "answered", str(report.answered), rate
    yield "failed", str(report.failed), ""
    if report.accuracy is not None:
        wrong = sorted(report.wrong.items(), key=lambda item: -item[1])
        which = ", ".join(f"{n} of label {label}" for label, n in wrong)
        yield "correct", f"{report.accuracy:.1%}", f"wrong: {which}" if which else ""
    if report.unread:
        yield "no digit", str(report.unread), "in the answer; --answer PATH says where it is"


def _chunk_rows(streaming: Streaming) -> Iterator[tuple[str, str]]:
    first = streaming.first
    yield "answers in chunks", str(first.count)
    times = ", ".join(
        f"{name} {milliseconds(getattr(first, name))}" for name in FIRST_CHUNK_PERCENTILES
    )
    yield "time to first chunk", times
    rate = streaming.chunks_per_second
    yield "chunks", str(streaming.chunks)
    yield "in one answer", "one chunk each" if rate is None else f"{rate:.1f} chunks/s"


def _latency_rows(latency: Latency) -> Iterator[tuple[str, str]]:
    for name, field in PERCENTILES.items():
        yield name, fixed(getattr(latency, field))


def emit_report(
    report: RunReport, started: datetime, judgements: Sequence[Judgement], *, as_csv: bool
) -> None:
    """The report as JSON, or as a heading and a row of CSV."""
    record = run_record(report, started)
    if not as_csv:
        emit_json(record | {"judgements": list(map(judgement_record, judgements))})
        return
    flat = dict(_flat(record))
    emit_csv(flat, [flat])


def _flat(record: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The columns of a CSV row; the counts by label stay out, as their names are not fixed."""
    for name, value in record.items():
        if name == "streaming":
            yield from _chunk_columns(value)
        elif name == "latency":
            yield from ((f"{percentile}_ms", number) for percentile, number in value.items())
        elif not isinstance(value, dict | list):
            yield name, value


def _chunk_columns(streaming: dict[str, Any] | None) -> Iterator[tuple[str, Any]]:
    first = streaming["first"] if streaming else {}
    for name in FIRST_CHUNK_PERCENTILES:
        yield f"first_chunk_{name}_ms", first.get(name)
    yield "chunks", streaming and streaming["chunks"]
    yield "chunks_per_second", streaming and streaming["chunks_per_second"]
