"""The numbers of a measure: the line above its chart, and the table of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from tsmon.telemetry.traffic import Missing, UsageOrMissing
from tsmon.tui.text.measures import ERRORS, MEASURES, MEMORY, RATE, WAITING, Measure
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.units import ABSENT, byte_size, count, is_known, milliseconds, plural

if TYPE_CHECKING:
    from tsmon.telemetry.history import HistoryPoint
    from tsmon.telemetry.logs.percentiles import Percentiles
    from tsmon.telemetry.logs.request_report import RequestReport
    from tsmon.telemetry.snapshot import ModelStatus, Snapshot

FAILED = 400
"""The least HTTP status of a request that failed."""
_WHY = {
    Missing.FIRST_SAMPLE: "1st sample",
    Missing.NO_TRAFFIC: "no requests",
    Missing.UNANSWERED: "unanswered",
    Missing.RESTARTED: "restarted",
    Missing.UNREAD: "unreadable",
    Missing.NO_COUNTERS: "no counters",
}
TITLE_WIDTH, NOW_WIDTH = 10, 8
STATISTIC_WINDOWS = ("now", "1 min", "5 min", "start")
STATISTICS_LABEL, STATISTICS_CELL = 10, 9
STATISTICS_WIDTH = STATISTICS_LABEL + len(STATISTIC_WINDOWS) * STATISTICS_CELL

Part = list[Span]
"""What belongs together on a line."""


def compose_heading(
    measure: Measure, snapshot: Snapshot, model: ModelStatus, points: Sequence[HistoryPoint]
) -> list[Part]:
    """The line above a chart: title and present value, then the rest, the most important first."""
    if measure is ERRORS:
        parts = _errors(snapshot, model)
    elif measure is WAITING:
        parts = _waiting(snapshot, model, points)
    elif measure is MEMORY:
        parts = _memory(model)
    else:
        parts = _costs(measure, snapshot, model)
    now = format_now(measure, snapshot, model)
    tone = Tone.BAD if measure is ERRORS and snapshot.errors_per_second(model) else Tone.ACCENT
    why = measure.absence(snapshot, model) if now == ABSENT else ""
    title: Part = [(f"{measure.title:<{TITLE_WIDTH}}", Tone.PLAIN), (f"{now:>{NOW_WIDTH}}", tone)]
    return [title, *([[(why, Tone.MUTED)]] if why else parts)]


def fit_heading(parts: Iterable[Part], width: int) -> Part:
    """The first parts that fit beside each other into so many columns."""
    shown: Part = []
    for part in parts:
        width -= sum(len(text) for text, _ in part) + (2 if shown else 0)
        if width < 0 and shown:
            break
        shown += [("  ", Tone.PLAIN), *part] if shown else part
    return shown


def format_now(measure: Measure, snapshot: Snapshot, model: ModelStatus) -> str:
    """The measure as it is now, without what it rests on."""
    if measure is ERRORS:
        return ERRORS.write(snapshot.errors_per_second(model))
    if measure is WAITING:
        return ABSENT if snapshot.stale else count(model.pending)
    if measure is MEMORY:
        return byte_size(model.memory_bytes)
    return measure.write(_value(model.traffic.interval, measure))


def _costs(measure: Measure, snapshot: Snapshot, model: ModelStatus) -> list[Part]:
    """What most requests of the last minute did not exceed, or the mean of the last minute."""
    traffic = model.traffic
    percentiles = model.percentiles(measure.part) if measure.part else None
    parts: list[Part] = []
    if snapshot.stale:
        parts.append([("no answer", Tone.MUTED)])
    elif percentiles is None and (why := _why(traffic.interval, measure)):
        parts.append([(why, Tone.MUTED)])
    if percentiles is not None:
        return [*parts, *_percentiles(percentiles)]
    if is_known(minute := _value(traffic.window, measure)):
        parts.append([("1 min ", Tone.MUTED), (measure.write(minute), Tone.PLAIN)])
    if measure is RATE and not isinstance(traffic.since_start, Missing):
        total = count(traffic.since_start.arrived)
        parts.append([(total, Tone.PLAIN), (" since start", Tone.MUTED)])
    return parts


def _percentiles(found: Percentiles) -> list[Part]:
    named = (
        ("p50 ", Tone.P50, found.p50),
        ("p95 ", Tone.MUTED, found.p95),
        ("p99 ", Tone.P99, found.p99),
    )
    return [[(name, tone), (milliseconds(value), Tone.PLAIN)] for name, tone, value in named]


def _errors(snapshot: Snapshot, model: ModelStatus) -> list[Part]:
    """How many requests failed, and with which status."""
    last = model.requests.last if model.requests else None
    if last is None or snapshot.errors_per_second(model) is None:
        return []
    parts: list[Part] = [[(f"{last.failed} of {last.requests}", Tone.MUTED)]]
    if failed := _failed(model.requests):
        parts.append([("5 min ", Tone.MUTED), (failed, Tone.PLAIN)])
    return parts


def _failed(report: RequestReport | None) -> str:
    """How many requests of the last five minutes failed, by their status: `503: 56`."""
    statuses = report.statuses if report else {}
    failed = sorted((status, amount) for status, amount in statuses.items() if status >= FAILED)
    return "  ".join(f"{status}: {count(amount)}" for status, amount in failed)


def _waiting(snapshot: Snapshot, model: ModelStatus, points: Sequence[HistoryPoint]) -> list[Part]:
    """How many requests may wait, and how many did."""
    queue = None if snapshot.stale else model.described.queue
    parts: list[Part] = [[(f"of {count(queue.capacity)}", Tone.MUTED)]] if queue else []
    most = max((point.waiting for point in points if point.waiting is not None), default=None)
    if most is not None:
        parts.append([("at most ", Tone.MUTED), (count(most), Tone.PLAIN)])
    return parts


def _memory(model: ModelStatus) -> list[Part]:
    """What each worker takes; of a single one it is the number before."""
    workers = model.workers
    if len(workers) <= 1:
        return [[(plural(len(workers), "worker"), Tone.MUTED)]]
    return [
        [(f"{each.worker.id} ", Tone.MUTED), (byte_size(each.memory_bytes), Tone.PLAIN)]
        for each in workers
    ]


def compose_statistics(snapshot: Snapshot, model: ModelStatus) -> Content:
    """What the counters and the log files show of each measure over each window, as a table."""
    spans: list[Span] = [(" " * STATISTICS_LABEL, Tone.PLAIN)]
    spans.append(("".join(f"{each:>{STATISTICS_CELL}}" for each in STATISTIC_WINDOWS), Tone.MUTED))
    traffic = model.traffic
    windows = (traffic.interval, traffic.window, traffic.long_window, traffic.since_start)
    for measure in MEASURES:
        if measure.of_usage is not None:
            values = [measure.write(_value(window, measure)) for window in windows]
            if measure is RATE:  # when the server started is not known
                values[-1] = ""
            spans += _row(measure.title, values)
    spans += _row("requests", [_basis(window) for window in windows], Tone.MUTED)
    return line(*spans, *_row("failed", _failures(snapshot, model)))


def _row(label: str, values: Iterable[str], tone: Tone = Tone.PLAIN) -> list[Span]:
    cells = "".join(f"{value:>{STATISTICS_CELL}}" for value in values)
    return [(f"\n{label:<{STATISTICS_LABEL}}", Tone.MUTED), (cells.rstrip(), tone)]


def _failures(snapshot: Snapshot, model: ModelStatus) -> list[str]:
    """How many requests failed now, in the last minute and in five."""
    report = model.requests
    if report is None:
        return [ABSENT] * 3
    known = snapshot.errors_per_second(model) is not None
    now = count(report.last.failed) if report.last and known else ABSENT
    windows = (report.minute_statuses, report.statuses)
    sums = [sum(n for status, n in each.items() if status >= FAILED) for each in windows]
    return [now, *map(count, sums)]


def _value(reading: UsageOrMissing, measure: Measure) -> float | Missing | None:
    return measure.of_usage(reading) if measure.of_usage else None


def _why(reading: UsageOrMissing, measure: Measure) -> str:
    """Why the number cannot be known; empty where it is."""
    value = _value(reading, measure)
    return _WHY[value] if isinstance(value, Missing) else ""


def _basis(reading: UsageOrMissing) -> str:
    """How many requests the numbers rest on."""
    return ABSENT if isinstance(reading, Missing) else count(reading.counted)
