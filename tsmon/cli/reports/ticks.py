"""One model at one tick, as a line for people and as a record for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import to_builtins

from tsmon.telemetry.traffic import Missing, Usage
from tsmon.units import fixed, known

if TYPE_CHECKING:
    from tsmon.telemetry.logs.request_report import RequestReport
    from tsmon.telemetry.snapshot import ModelStatus, Snapshot


def tick_line(snapshot: Snapshot, model: ModelStatus) -> str:
    """A line such as `tsmon metrics --watch` prints."""
    interval = model.traffic.interval
    cells = [
        f"{snapshot.at.wall.astimezone():%H:%M:%S}",
        f"{model.key!s:<24}",
        f"{'gone' if model.gone else model.verdict.health:<13}",
        _workers(model),
    ]
    if model.gone:
        cells.append(str(model.gone))
    elif isinstance(interval, Missing):
        cells.append(f"– {interval}")
    else:
        cells += [
            f"{interval.per_second:7.1f} req/s",
            f"inference {fixed(interval.inference_ms):>8} ms",
            f"queue {fixed(interval.queue_ms):>8} ms",
        ]
    if snapshot.stale:
        cells.append(f"({snapshot.server.state})")
    return "  ".join(cells)


def _workers(model: ModelStatus) -> str:
    if not model.workers_known:
        return "workers not known"
    return f"{model.ready}/{model.wanted} ready"


def tick_record(snapshot: Snapshot, model: ModelStatus) -> dict[str, Any]:
    """A record such as `--json` prints; every number that cannot be known is null."""
    return {
        "time": snapshot.at.wall.isoformat(),
        "server": snapshot.server.state.value,
        "model": model.key.name,
        "version": model.key.version,
        "default": model.is_default,
        "gone": model.gone is not None,
        "ready_workers": model.ready if model.workers_known else None,
        "min_workers": model.wanted if model.workers_known else None,
        "verdict": model.verdict.health.value,
        "evidence": model.verdict.evidence,
        "problem": model.problem or None,
        "interval": _reading_record(model.traffic.interval),
        "last_minute": _reading_record(model.traffic.window),
        "last_five_minutes": _reading_record(model.traffic.long_window),
        "since_start": _reading_record(model.traffic.since_start),
        "percentiles": _percentiles(model.requests),
        **_limits(model),
    }


def _limits(model: ModelStatus) -> dict[str, Any]:
    """How the model stands to each limit that is about it; nothing where none is."""
    states = {status.limit.name: status.state.value for status in model.limits}
    return {"limits": states} if states else {}


def _percentiles(report: RequestReport | None) -> dict[str, Any]:
    """Milliseconds of single requests by window and part; empty where no logs can be read."""
    if report is None:
        return {}
    windows = {"last_minute": report.minute, "last_five_minutes": report.five_minutes}
    return {
        window: {part.value: to_builtins(percentiles) for part, percentiles in profile.items()}
        for window, profile in windows.items()
    }


def _reading_record(reading: Usage | Missing) -> dict[str, Any]:
    if isinstance(reading, Missing):
        return {"missing": reading.value}
    return {
        "seconds": reading.seconds or None,
        "requests": reading.arrived,
        "requests_per_second": reading.per_second if reading.seconds else None,
        "inference_ms": known(reading.inference_ms),
        "queue_ms": known(reading.queue_ms),
    }
