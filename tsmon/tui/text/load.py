"""A run of requests in words: what it does, how it goes, what it gave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
PERCENTILE_NAMES = ("p50", "p90", "p95", "p99", "p999", "max")
FEW_PERCENTILES = ("p50", "p95", "p99", "max")
_LABEL, _CELL = 12, 9
WIDE_REPORT = _LABEL + _CELL * len(PERCENTILE_NAMES)
"""Columns that all percentiles take."""
_TITLES = {"p999": "p99.9"}
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


def format_report(report: RunReport, width: int = WIDE_REPORT) -> Content:
    """What was sent and answered, and how long the answers took.

    Fewer than `WIDE_REPORT` columns have no room for all percentiles.
    """
    spans: list[Span] = []
    for label, value, note, tone in _counts(report):
        spans += [
            (f"{label:<{_LABEL}}", Tone.MUTED),
            (f"{value:>9}", tone),
            (f"  {note}\n", Tone.MUTED),
        ]
    spans += _percentiles(
        report.latency, PERCENTILE_NAMES if width >= WIDE_REPORT else FEW_PERCENTILES
    )
    for kind, failures in sorted(report.failures.items(), key=lambda item: -item[1]):
        example = report.examples.get(kind, "")
        spans += [
            (f"\n✗ {count(failures)} {kind}", Tone.BAD),
            (f"  {example}" if example else "", Tone.MUTED),
        ]
    return line(*spans)


def _counts(report: RunReport) -> Iterator[tuple[str, str, str, Tone]]:
    rate = "" if report.throughput is None else per_second(report.throughput)
    yield "sent", count(report.sent), "", Tone.PLAIN
    yield "answered", count(report.answered), rate, Tone.PLAIN
    if report.unsent:
        late = "due but not sent: no connection was free"
        yield "late", count(report.unsent), late, Tone.WARNING
    if report.failed:
        yield "failed", count(report.failed), "", Tone.BAD
    if report.accuracy is not None:
        wrong = sum(report.wrong.values())
        yield "correct", f"{confidence(report.accuracy)}", f"{count(wrong)} wrong", Tone.PLAIN


def _percentiles(latency: Latency | None, names: Sequence[str]) -> Iterator[Span]:
    yield f"{'':<{_LABEL}}", Tone.MUTED
    for name in names:
        yield f"{_TITLES.get(name, name):>{_CELL}}", Tone.MUTED
    yield f"\n{'response':<{_LABEL}}", Tone.MUTED
    for name in names:
        value = milliseconds(getattr(latency, name)) if latency else ABSENT
        yield f"{value:>{_CELL}}", Tone.PLAIN
