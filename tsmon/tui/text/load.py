"""A run of requests in words: what it does, how it goes, what it gave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from textual.content import Content

from tsmon.load.run.histogram import bars
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
    from tsmon.load.run.histogram import Bar, Histogram
    from tsmon.load.run.plan import RunPlan
    from tsmon.load.run.report import Latency, RunReport
    from tsmon.load.run.server_side import ServerSide

BAR_WIDTH = 30
PERCENTILES = {
    "p50": "p50",
    "p90": "p90",
    "p95": "p95",
    "p99": "p99",
    "p99.9": "p999",
    "max": "max",
    "mean": "mean",
}
"""What is shown of response times, and the fields of `Latency`."""
SERVER_TIMES = frozenset({"p50", "p90", "p95", "p99"})
"""Those that the server's log has as well."""
_COUNTS, _NAME, _TIME = 29, 6, 9
BESIDE = _COUNTS + _NAME + 2 * _TIME
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


def format_report(
    report: RunReport, side: ServerSide | None = None, width: int = BESIDE
) -> Content:
    """What was sent, answered and counted, and how long it took at this end and at the server's.

    Times stand beside the counts where that fits; `side` is None until the server was asked.
    """
    counts = [*_counts(report), *(_server_counts(report, side) if side else ())]
    times = list(_times(report.latency, side))
    if width < BESIDE:
        rows = [*counts, *times]
    else:
        blank = (" " * _COUNTS, Tone.PLAIN)
        pairs = zip_longest(counts, times, fillvalue=())
        rows = [(*(left or (blank,)), *right) for left, right in pairs]
    return _lines(rows)


def format_failures(
    report: RunReport, side: ServerSide | None = None, remedy: str = ""
) -> Content | None:
    """What failed, the most frequent first, and what to do about it; None where all is well."""
    rows: list[Sequence[Span]] = list(_failures(report))
    if remedy:
        rows.append(((f"→ {remedy}", Tone.PLAIN),))
    if report.unsent:
        late = f"! {count(report.unsent)} due but not sent: no connection was free"
        rows.append(((late, Tone.WARNING),))
    if side and (words := side.difference(report)):
        rows.append(((f"! {words}", Tone.WARNING),))
    if side and (why := side.missing or side.log_problem):
        rows.append(((f"– the server's own numbers: {why}", Tone.MUTED),))
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
    if report.unread:
        yield _counted("no digit", count(report.unread), "in the answer")


def _server_counts(report: RunReport, side: ServerSide) -> Iterator[tuple[Span, ...]]:
    if side.counted is not None:
        yield _counted("counted", count(side.counted), "by server")
    for name, value, note in (
        ("queue", side.queue_ms, "mean"),
        ("service", side.service_ms, "mean"),
        ("outside", side.outside_ms(report), "mean"),
    ):
        if value is not None:
            yield _counted(name, milliseconds(value), note)
    if side.times is None and report.answered and not side.log_problem:
        yield _counted("log", ABSENT, "--logs")


def _counted(label: str, value: str, note: str = "", tone: Tone = Tone.PLAIN) -> tuple[Span, ...]:
    return (f"{label:<9}", Tone.MUTED), (f"{value:>9}", tone), (f" {note:<10}", Tone.MUTED)


def _times(latency: Latency | None, side: ServerSide | None) -> Iterator[tuple[Span, ...]]:
    heads = f"{'':<{_NAME}}{'client':>{_TIME}}"
    yield ((heads + (f"{'server':>{_TIME}}" if side else ""), Tone.MUTED),)
    for name, field in PERCENTILES.items():
        value = milliseconds(getattr(latency, field)) if latency else ABSENT
        spans = [(f"{name:<{_NAME}}", Tone.MUTED), (f"{value:>{_TIME}}", Tone.PLAIN)]
        if side:
            spans.append((f"{_at_server(side, name):>{_TIME}}", Tone.PLAIN))
        yield tuple(spans)


def _at_server(side: ServerSide, name: str) -> str:
    if name == "mean":
        return milliseconds(side.mean_ms) if side.mean_ms is not None else ABSENT
    if side.times is None or name not in SERVER_TIMES:
        return ABSENT
    return milliseconds(getattr(side.times, name))


def _failures(report: RunReport) -> Iterator[tuple[Span, ...]]:
    for cause, failures in report.causes.items():
        words = f"  {cause.message}" if cause.message else ""
        yield (f"✗ {cause.label}: {count(failures)}", Tone.BAD), (words, Tone.MUTED)


EIGHTHS = " ▏▎▍▌▋▊▉█"
MIN_BAR = 4
WIDE_HISTOGRAM = 48
"""Columns of one that is copied."""


def format_histogram(
    histograms: Sequence[Histogram], width: int, rows: int, *, ascii_only: bool = False
) -> Content:
    """A bar for each bucket of response times; of two runs one below the other in each.

    Bars are as long as the share of a run's answers, so that runs of any length compare.
    """
    found = bars(histograms, rows // len(histograms))
    labels = [_bucket(bar) for bar in found]
    across = max(map(len, labels), default=0)
    totals = [sum(each.counts) or 1 for each in histograms]
    shares = [[n / all_ for n, all_ in zip(bar.counts, totals, strict=True)] for bar in found]
    most = max((share for each in shares for share in each), default=1.0)
    digits = max((len(count(number)) for bar in found for number in bar.counts), default=0)
    letters = 2 if len(histograms) > 1 else 0
    room = max(width - across - digits - letters - 3, MIN_BAR)
    lines: list[Sequence[Span]] = []
    for label, bar, of_all in zip(labels, found, shares, strict=True):
        for at, number in enumerate(bar.counts):
            drawn = _bar(of_all[at] / most, room, RUN_FILLS[at], ascii_only=ascii_only)
            letter = f"{RUN_LETTERS[at]} " if len(histograms) > 1 else ""
            lines.append(
                (
                    (f"{'' if at else label:>{across}} ", Tone.MUTED),
                    (letter, RUN_TONES[at]),
                    (f"{count(number):>{digits}} ", Tone.PLAIN if number else Tone.MUTED),
                    (drawn, RUN_TONES[at]),
                )
            )
    return _lines(lines)


RUN_TONES = (Tone.ACCENT, Tone.WARNING)
"""Of the first run and of the second one, as their letters and the fillings of their bars."""
RUN_LETTERS = ("A", "B")
RUN_FILLS = ("█", "▒")
ASCII_FILLS = {"█": "#", "▒": "="}


def _bucket(bar: Bar) -> str:
    scale, unit = (1000, "s") if bar.to_ms > 1000 else (1, "ms")
    return f"{bar.from_ms / scale:.4g}–{bar.to_ms / scale:.4g} {unit}"


def _bar(share: float, room: int, fill: str, *, ascii_only: bool) -> str:
    """A bar; what is more than nothing is seen."""
    eighths = max(round(share * room * 8), 1 if share else 0)
    if ascii_only or fill != EIGHTHS[-1]:  # only a full block has parts
        return (ASCII_FILLS[fill] if ascii_only else fill) * max(eighths // 8, min(eighths, 1))
    whole, part = divmod(eighths, 8)
    return fill * whole + (EIGHTHS[part] if part else "")
