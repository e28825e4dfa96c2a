"""Steps of `tsmon autoscale` as lines and records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tsmon.load.autoscale.loop import Step, StepKind
from tsmon.units import period, plural

if TYPE_CHECKING:
    from tsmon.load.autoscale.decision import Policy
    from tsmon.load.capacity.prediction import LatencyGoal
    from tsmon.telemetry.snapshot import ModelKey
    from tsmon.torchserve.records import ModelVersion

_BAD = (StepKind.FAILED, StepKind.OVERTAKEN)


def begun_line(found: ModelVersion, policy: Policy, goal: LatencyGoal, *, acts: bool) -> str:
    """What it is going to do."""
    limits = f"{policy.least} to {plural(policy.most, 'worker')}, so that {goal}"
    held = f"more after {period(policy.up_after_s)}, fewer after {period(policy.down_after_s)}"
    dry = "" if acts else "; a dry run, --apply carries it out"
    now = plural(len(found.workers), "worker")
    return f"{found.name} {found.version}, {now} now: {limits}; {held}{dry}"


def step_line(key: ModelKey, step: Step) -> str:
    """One step for a person."""
    mark = "!" if step.kind in _BAD else " "
    moves = step.target is not None and step.kind in (StepKind.SCALING, StepKind.WOULD_SCALE)
    change = f" {step.workers} → {step.target}" if moves else ""
    return f"{step.at.astimezone():%H:%M:%S} {mark} {key} {step.kind}{change}: {step.why}"


def step_record(key: ModelKey, step: Step) -> dict[str, Any]:
    """One step for `--json`; times in milliseconds, rates per second."""
    reading = step.reading
    return {
        "time": step.at.isoformat(),
        "model": key.name,
        "version": key.version,
        "step": step.kind.value,
        "workers": step.workers,
        "target": step.target,
        "why": step.why,
        "unknown": reading.unknown.gap.value if reading.unknown else None,
        "advised": None if reading.unknown else reading.need,
        "rate": reading.rate,
        "service_ms": reading.service_ms,
        "queue_ms": reading.queue_ms,
    }


def as_it_stands(found: ModelVersion, now: ModelVersion) -> str:
    """How the model is at the end."""
    ready = f"{now.ready_workers} of {plural(len(now.workers), 'worker')} ready"
    return f"{now.name} {now.version} stands at {ready}; it had {len(found.workers)} before"


def ended_record(
    found: ModelVersion, now: ModelVersion | None, *, restored: bool
) -> dict[str, Any]:
    """The last line of `--json`; what is not known is null."""
    return {
        "model": found.name,
        "version": found.version,
        "step": "ended",
        "workers": len(now.workers) if now else None,
        "ready": now.ready_workers if now else None,
        "before": len(found.workers),
        "restored": restored,
    }
