"""Plans of declared states as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tsmon.declared.applying import AppliedStep, StepOutcome
from tsmon.declared.many import Stand

if TYPE_CHECKING:
    from tsmon.declared.difference import Difference, Step
    from tsmon.declared.many import ServerProgress


def plan_record(server: str, plan: Difference) -> dict[str, Any]:
    """A plan for `--json`."""
    return {
        "server": server,
        "steps": [_record(step) for step in plan.steps],
        "undeclared": [{"model": each.name, "version": each.version} for each in plan.undeclared],
    }


def change_record(server: ServerProgress) -> dict[str, Any]:
    """What became of a plan, for `--json`."""
    tried = [_step_record(each) for each in server.steps]
    left = server.plan.steps[len(tried) :]
    return {
        "server": server.plan.server,
        "steps": tried + [_step_record(AppliedStep(each, StepOutcome.NOT_TRIED)) for each in left],
        "stand": server.stand,
        "failed": server.stand is Stand.FAILED,
        "detail": server.detail or None,
        "before": str(server.kept) if server.kept else None,
    }


def _step_record(applied: AppliedStep) -> dict[str, Any]:
    return {
        **_record(applied.step),
        "outcome": applied.outcome,
        "detail": applied.detail or None,
    }


def _record(step: Step) -> dict[str, Any]:
    return {
        "action": step.action,
        "model": step.version.name,
        "version": step.version.version,
        "why": step.why or None,
        "interrupts": step.interrupts,
    }
