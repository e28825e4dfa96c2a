"""Plans of declared states as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tsmon.declared.applying import AppliedStep
    from tsmon.declared.difference import Difference, Step


def plan_record(server: str, plan: Difference) -> dict[str, Any]:
    """A plan for `--json`."""
    return {
        "server": server,
        "steps": [_record(step) for step in plan.steps],
        "undeclared": [{"model": each.name, "version": each.version} for each in plan.undeclared],
    }


def step_record(applied: AppliedStep) -> dict[str, Any]:
    """A step for `--json`, with what became of it."""
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
