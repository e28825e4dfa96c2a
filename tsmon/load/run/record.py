"""A run as JSON, as `tsmon load --json` prints it, and read back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct, to_builtins

from tsmon.load.refusals import Cause, Failure
from tsmon.load.run.histogram import MOST_BUCKETS, Histogram
from tsmon.load.run.report import Latency, Streaming
from tsmon.untrusted.shape import shaped

if TYPE_CHECKING:
    from tsmon.load.run.report import RunReport
    from tsmon.load.run.server_side import ServerSide

EARLIEST = 2000
_TIMES = ("p50", "p90", "p95", "p99", "p999", "max", "mean")


def run_record(
    report: RunReport, started: datetime, side: ServerSide | None = None
) -> dict[str, Any]:
    """The report for `--json`; times in milliseconds unless named otherwise.

    `side` is what the server says of the same time.
    """
    plan, latency = report.plan, report.latency
    record = {
        "started": started.isoformat(),
        "model": plan.model,
        "version": plan.version,
        "concurrency": plan.connections,
        "rate": plan.rate,
        "poisson": plan.poisson,
        "ending": report.ending,
        "seconds": report.seconds,
        "planned": report.planned,
        "sent": report.sent,
        "answered": report.answered,
        "failed": report.failed,
        "throughput": report.throughput,
        "accuracy": report.accuracy,
        "latency": {name: latency and getattr(latency, name) for name in _TIMES},
        "failures": dict(report.failures),
        "causes": [to_builtins(each) | {"count": n} for each, n in report.causes.items()],
        "right": dict(report.right),
        "wrong": dict(report.wrong),
        "unread": report.unread,
        "histogram": to_builtins(report.histogram),
        "streaming": to_builtins(report.streaming),
    }
    return record if side is None else record | {"server_side": to_builtins(side)}


class PastRun(Struct, frozen=True, kw_only=True):
    """What is kept of a run, to be set beside another one."""

    started: datetime
    model: str
    version: str | None
    concurrency: int
    rate: float | None
    """Requests planned per second; None is a closed loop."""
    poisson: bool
    ending: str | None
    seconds: float
    planned: int
    sent: int
    answered: int
    failed: int
    throughput: float | None
    accuracy: float | None
    latency: Latency | None
    causes: dict[Cause, int]
    histogram: Histogram
    streaming: Streaming | None


def past_run(record: Any) -> PastRun:
    """Read what `run_record` wrote.

    Raises:
        ValueError: it is something else.
    """
    try:
        values = {"streaming": None} | {
            name: record[name]
            for name in PastRun.__struct_fields__
            if name != "streaming" or record.get(name) is not None
        }
        times = values["latency"]
        known = times["mean"] is not None
        values["latency"] = (
            shaped(Latency, times | {"count": values["answered"]}) if known else None
        )
        values["causes"] = dict(map(_cause, values["causes"]))
        values["streaming"] = _streaming(values["streaming"])
        values["histogram"] = _histogram(values["histogram"])
        values["started"] = datetime.fromisoformat(values["started"]).astimezone(UTC)
        if values["started"].year < EARLIEST:  # and its local time is a date as well
            raise ValueError("a load run of before there were any")
        return shaped(PastRun, values)
    except (TypeError, KeyError, AttributeError, OverflowError) as error:
        raise ValueError(f"not a load run: {error}") from None


def _cause(record: dict[str, Any]) -> tuple[Cause, int]:
    values = {name: record[name] for name in Cause.__struct_fields__}
    number = record["count"]
    if not isinstance(number, int):
        raise TypeError("a count of failures is not a number")
    return shaped(Cause, values | {"kind": Failure(values["kind"])}), number


def _streaming(record: dict[str, Any] | None) -> Streaming | None:
    """What was kept of answers in chunks; runs of before there were any have nothing."""
    if record is None:
        return None
    first = shaped(Latency, record["first"])
    return shaped(Streaming, record | {"first": first})


def _histogram(record: dict[str, Any]) -> Histogram:
    histogram = shaped(Histogram, {"first": record["first"], "counts": tuple(record["counts"])})
    if not 0 <= histogram.first <= MOST_BUCKETS or len(histogram.counts) > MOST_BUCKETS:
        raise ValueError("a histogram of times that no request takes")
    if any(number < 0 for number in histogram.counts):
        raise ValueError("a histogram with less than no requests")
    return histogram
