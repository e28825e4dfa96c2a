"""The advice as words, table and JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins

from tsmon.cli.output import emit, emit_table, emit_text
from tsmon.units import byte_size, fixed, milliseconds, number, percent, plural
from tsmon.untrusted.shell import shell_word

if TYPE_CHECKING:
    from tsmon.load.capacity.advice import Advice
    from tsmon.load.capacity.prediction import Forecast

_HEADINGS = (
    *("", "WORKERS", "BUSY", "SERVICE_MS", "QUEUE_MS", "QUEUE_P95_MS", "P95_MS"),
    *("MEMORY", "BASIS"),
)
GROWS = "grows"
"""Stands for the queue time of too few workers."""
UNKNOWN = "?"
CHECK_COUNT = "10,10,10,50"


def say_advice(advice: Advice) -> None:
    """The advice for a person."""
    emit_text("\n".join(_head(advice)))
    if advice.predictions:
        emit("")
        emit_table(_HEADINGS, [_row(advice, each) for each in advice.predictions], _RIGHT)
    _say_list("Why", advice.reasons)
    if advice.reasons != tuple(doubt.words for doubt in advice.doubts):
        _say_list("Not known", tuple(doubt.words for doubt in advice.doubts))
    _say_list("Then", tuple(commands(advice)))


_RIGHT = " ".join(_HEADINGS[1:-1])


def commands(advice: Advice) -> Iterator[str]:
    """What applies the advice, and what checks it."""
    key, rate = advice.situation.key, advice.rate
    if advice.workers is None or rate is None:
        return
    name, version = shell_word(key.name), f" --model-version {shell_word(key.version)}"
    if advice.workers != advice.situation.workers:
        yield f"tsmon scale {name} {advice.workers}{version}"
    yield f"tsmon experiment {name} --workers {advice.workers} --rate {rate:.4g}{version}"


def _head(advice: Advice) -> Iterator[str]:
    situation = advice.situation
    now = f"{situation.key}: {situation.workers} ready now"
    if situation.rate is not None:
        now += f", {number(situation.rate)} requests/s seen"
    if situation.service is not None:
        source = "logs" if situation.from_logs else "counters"
        now += f", {milliseconds(situation.service.service_ms)} service time ({source})"
        if situation.service.more_ms is not None:
            more = milliseconds(situation.service.more_ms)
            now += f" and {more} more for each further one of a batch"
    if situation.queue_ms is not None:
        now += f", {milliseconds(situation.queue_ms)} queue time"
    yield now
    wanted = f" for {advice.rate:.4g} requests/s" if advice.rate else ""
    if advice.workers is None:
        yield f"no worker count can be recommended{wanted}"
    else:
        workers = plural(advice.workers, "worker")
        yield f"{workers}{wanted} ({advice.confidence}), so that {advice.target}"


def _row(advice: Advice, row: Forecast) -> tuple[str, ...]:
    marks = "→" if row.workers == advice.workers else ""
    if row.workers == advice.situation.workers:
        marks += "now"
    memory = byte_size(row.memory_bytes)
    times = (row.service_ms, row.queue_ms, row.queue_p95_ms, row.p95_ms)
    gap = UNKNOWN if row.unknown else GROWS
    numbers = (gap if value is None else fixed(value) for value in times)
    return (marks, str(row.workers), percent(row.utilisation), *numbers, memory, row.basis.value)


def _say_list(title: str, lines: tuple[str, ...]) -> None:
    if lines:
        emit("")
        emit(title)
        for line in lines:
            emit(f"  {line}")


def advice_record(advice: Advice) -> dict[str, Any]:
    """The advice for `--json`; times in milliseconds, rates per second, memory in bytes."""
    situation = advice.situation
    arrivals = situation.arrivals
    return {
        "model": situation.key.name,
        "version": situation.key.version,
        "workers": advice.workers,
        "confidence": advice.confidence.value,
        "rate": advice.rate,
        "target": to_builtins(advice.target),
        "reasons": list(advice.reasons),
        "unknown": [
            {"kind": doubt.kind.value, "words": doubt.words, "stops": doubt.stops}
            for doubt in advice.doubts
        ],
        "predictions": [to_builtins(row) for row in advice.predictions],
        "seen": {
            "workers": situation.workers,
            "rate": situation.rate,
            "queue_ms": situation.queue_ms,
            "service": to_builtins(situation.service) if situation.service else None,
            "service_from": _source(advice),
            "queue_floor_ms": situation.floor_ms,
            "failed": situation.failed,
            "dispersion": arrivals.dispersion if arrivals else None,
            "cores": situation.cores,
            "cores_per_worker": situation.demand,
        },
        "commands": list(commands(advice)),
    }


def _source(advice: Advice) -> str | None:
    if advice.situation.service is None:
        return None
    return "logs" if advice.situation.from_logs else "counters"
