"""A tick in one short line, for a screen reader or a log: the verdict first, the time last."""

from __future__ import annotations

from collections.abc import Sequence

from tsmon.telemetry.health.verdicts import ModelHealth
from tsmon.telemetry.snapshot import ModelStatus, ServerState, Snapshot
from tsmon.telemetry.status_signs import OVER_LIMIT, Grade, model_sign
from tsmon.telemetry.traffic import Missing, Usage
from tsmon.units import duration, fixed, number, percent

WIDTH = 100
"""Columns that a line has at most."""
_LONGEST_NAME = 32


def plain_line(snapshot: Snapshot) -> str:
    """Such as `ready: mnist 1.0, 2/2 workers, 41.2 req/s, inference 8.10 ms, 14:03:12`.

    Of several models it names the worst, unless all are well, and then what they do together. The
    parts stand in one order; what does not fit is left out, the last before the time first.
    """
    time = f"{snapshot.at.wall.astimezone():%H:%M:%S}"
    if snapshot.not_recorded:
        time = f"not recorded, {time}"
    parts = _parts(snapshot)
    while len(parts) > 1 and len(", ".join((*parts, time))) > WIDTH:
        parts.pop()
    return ", ".join((*parts, time))


def _parts(snapshot: Snapshot) -> list[str]:
    server = snapshot.server
    models = [model for model in snapshot.models if not model.gone]
    if server.state is not ServerState.UP:
        return [f"{server.state}: {_short(server.label)}", *_last_answer(snapshot)]
    if not models:
        return [f"{server.state}: {_short(server.label)}", "no models are registered"]
    if len(models) == 1:
        return [*_one(models[0]), _rate(snapshot, models[0]), *_times(models[0].traffic.interval)]
    return _several(snapshot, models)


def _last_answer(snapshot: Snapshot) -> list[str]:
    last = snapshot.server.last_answer
    return [f"last answer {duration(snapshot.at.since(last))} ago"] if last else []


def _one(model: ModelStatus) -> list[str]:
    """Its verdict, its workers, its requests."""
    known = model.workers_known
    workers = f"{model.ready}/{model.wanted} workers" if known else "workers not known"
    return [f"{_word(model)}: {_short(str(model.key))}", workers, *_failing(model)]


def _word(model: ModelStatus) -> str:
    sign = model_sign(model)
    return OVER_LIMIT.word if sign is OVER_LIMIT else str(model.verdict.health)


def _failing(model: ModelStatus) -> list[str]:
    if model.verdict.health is not ModelHealth.FAILING or model.requests is None:
        return []
    return [f"{percent(model.requests.failing_share)} of requests fail"]


def _times(interval: Usage | Missing) -> list[str]:
    if isinstance(interval, Missing):
        return []
    return [
        f"inference {fixed(interval.inference_ms)} ms",
        f"queue {fixed(interval.queue_ms)} ms",
    ]


def _several(snapshot: Snapshot, models: Sequence[ModelStatus]) -> list[str]:
    worst = max(models, key=_badness)
    if _badness(worst)[0] is Grade.GOOD:
        return [f"{_word(worst)}: all {len(models)} models", _rate(snapshot, models[0])]
    well = sum(_badness(model)[0] is Grade.GOOD for model in models)
    return [
        *_one(worst)[:2],
        f"{well} of {len(models)} models are ready",
        _rate(snapshot, models[0]),
    ]


def _badness(model: ModelStatus) -> tuple[Grade, int]:
    return model_sign(model).grade, model.verdict.health.severity


def _rate(snapshot: Snapshot, first: ModelStatus) -> str:
    """Requests per second of all together, or why those of the first are not known."""
    rate = snapshot.per_second
    return f"no rate: {first.traffic.interval}" if rate is None else f"{number(rate)} req/s"


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
