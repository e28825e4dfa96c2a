"""A run of requests in words: what it does, how it goes, what it gave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from textual.content import Content

from tsmon.load.run.increment import StopReason
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.units import (
    ABSENT,
    confidence,
    count,
    duration,
    milliseconds,
    per_second,
    period,
    plural,
)

if TYPE_CHECKING:
    from tsmon.load.run.plan import RunPlan
    from tsmon.load.run.report import Latency, RunReport

BAR_WIDTH = 30
PERCENTILES = {
    "p50": "p50",
    "p90": "p90",
    "p95": "p95",
    "p99": "p99",
    "p99.9": "p999",
    "max": "max",
}
"""What is shown of response times, and the fields of `Latency`."""
_COUNTS, _TIMES = 30, 16
BESIDE = _COUNTS + _TIMES
"""Columns that counts and response times take beside each other."""
_ENDINGS = {
    StopReason.COUNT: ("✓", Tone.GOOD),
    StopReason.DURATION: ("✓", Tone.GOOD),
    StopReason.STOPPED: ("■", Tone.PLAIN),
    StopReason.SERVER_GONE: ("✗", Tone.BAD),
    StopReason.REFUSED: ("✗", Tone.BAD),
}


def plan_words(plan: RunPlan) -> str:
    """What is sent: `closed loop, 10 at a time; 10s or 100,000 requests`."""
    if plan.rate is None:
        how = f"closed loop, {plan.connections} in flight"
    else:
        times = " at random times" if plan.poisson else ""
        how = f"open loop, {per_second(plan.rate)}{times}, at most {plan.connections} in flight"
    return f"{how}; {period(plan.duration_s)} or {count(plan.count)} requests"


def share_done(report: RunReport) -> float:
    """How much of the plan is done, 0 to 1, by time or by requests, whichever ends it."""
    plan = report.plan
    return min(max(report.seconds / plan.duration_s, report.sent / plan.count), 1.0)


def format_progress(report: RunReport) -> Content:
    """A bar, how long it goes, and how it ended."""
    filled = round(share_done(report) * BAR_WIDTH)
    spans: list[Span] = [
        ("█" * filled, Tone.ACCENT),
        ("░" * (BAR_WIDTH - filled), Tone.MUTED),
        (f"  {duration(report.seconds)}", Tone.PLAIN),
    ]
    if report.ending is not None and report.under_way:
        waiting = f"waiting for {plural(report.under_way, 'answer')}"
        spans.append((f"  ◌ {report.ending}, {waiting}", Tone.WARNING))
    elif report.ending is not None:
        glyph, tone = _ENDINGS[report.ending]
        spans.append((f"  {glyph} {report.ending}", tone))
    else:
        spans.append((f"  {report.under_way} in flight", Tone.MUTED))
    return line(*spans)


def format_report(report: RunReport, width: int = BESIDE) -> Content:
    """What was sent and answered, and how long the answers took, beside each other if it fits."""
    counts, times = list(_counts(report)), list(_times(report.latency))
    if width < BESIDE:
        rows = [*counts, *times]
    else:
        blank = (" " * _COUNTS, Tone.PLAIN)
        pairs = zip_longest(counts, times, fillvalue=())
        rows = [(*(left or (blank,)), *right) for left, right in pairs]
    if report.unsent:
        late = f"! {count(report.unsent)} due but not sent: no connection was free"
        rows.append(((late, Tone.WARNING),))
    return _lines(rows)


def format_failures(report: RunReport, remedy: str = "") -> Content | None:
    """What failed, the most frequent first, and what to do about it; None where nothing did."""
    rows = list(_failures(report))
    if remedy:
        rows.append(((f"→ {remedy}", Tone.PLAIN),))
    return _lines(rows) if rows else None


def _lines(rows: Iterable[Sequence[Span]]) -> Content:
    return Content("\n").join(line(*row) for row in rows)


def _counts(report: RunReport) -> Iterator[tuple[Span, ...]]:
    rate = "" if report.throughput is None else per_second(report.throughput)
    yield _counted("sent", count(report.sent))
    yield _counted("answered", count(report.answered), rate)
    if report.failed:
        yield _counted("failed", count(report.failed), tone=Tone.BAD)
    if report.accuracy is not None:
        wrong = sum(report.wrong.values())
        yield _counted("correct", confidence(report.accuracy), f"{count(wrong)} wrong")


def _counted(label: str, value: str, note: str = "", tone: Tone = Tone.PLAIN) -> tuple[Span, ...]:
    return (f"{label:<9}", Tone.MUTED), (f"{value:>9}", tone), (f"  {note:<10}", Tone.MUTED)


def _times(latency: Latency | None) -> Iterator[tuple[Span, ...]]:
    for name, field in PERCENTILES.items():
        value = milliseconds(getattr(latency, field)) if latency else ABSENT
        yield (f"{name:<6}", Tone.MUTED), (f"{value:>10}", Tone.PLAIN)


def _failures(report: RunReport) -> Iterator[tuple[Span, ...]]:
    for kind, failures in sorted(report.failures.items(), key=lambda item: -item[1]):
        example = report.examples.get(kind, "")
        words = f"  {example}" if example else ""
        yield (f"✗ {count(failures)} {kind}", Tone.BAD), (words, Tone.MUTED)
