"""Carries out a procedure with a line on stderr for each step, and shows how it ended."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from tsmon.cli.console import talk
from tsmon.cli.coroutines import interruptible
from tsmon.cli.outcome import Exit, fail
from tsmon.cli.output import emit, emit_json, say
from tsmon.torchserve.procedure import Procedure, ProcedureResult, ProcedureStep, StepState
from tsmon.units import duration

_GLYPHS = {
    StepState.DONE: "✓",
    StepState.SKIPPED: "–",
    StepState.FAILED: "✗",
    StepState.STOPPED: "■",
}
STOPPING = ("stopping, and making sure a model serves …", "still making sure a model serves …")


async def carry_out(procedure: Procedure, *, as_json: bool, **facts: Any) -> None:
    """Carry it out and end the command by how it ended; `facts` stand first in the JSON."""
    stopped = await _run(procedure)
    ending = procedure.ending or ProcedureResult(False, "stopped before it started")
    if as_json:
        emit_json({**facts, **_record(procedure, ending)})
    elif ending.done:
        emit(ending.message)
    if stopped:
        say(ending.message if not ending.hint else f"{ending.message}; {ending.hint}")
        raise click.exceptions.Exit(Exit.INTERRUPTED)
    if not ending.done:
        fail(ending.message, ending.hint)


async def _run(procedure: Procedure) -> bool:
    """Run it; gives whether it was interrupted."""
    reported: set[str] = set()
    with talk.status("beginning …") as status:

        def show_step() -> None:
            for step in procedure.steps:
                if step.mark in _GLYPHS and step.id not in reported:
                    reported.add(step.id)
                    say(step_line(step))
                elif step.mark is StepState.UNDER_WAY:
                    status.update(f"{step.title}: {step.detail or '…'}")

        work = asyncio.ensure_future(procedure.run(show_step))
        with interruptible(work, *STOPPING):
            try:
                await work
            except asyncio.CancelledError:
                return True
    return False


def step_line(step: ProcedureStep) -> str:
    """Such as `✓ register mnist-2.mar: version 2.0, 0.4 s`."""
    parts = [part for part in (step.detail, duration(step.seconds)) if part]
    return f"{_GLYPHS[step.mark]} {step.title}: {', '.join(parts)}"


def _record(procedure: Procedure, ending: ProcedureResult) -> dict[str, Any]:
    return {
        "done": ending.done,
        "message": ending.message,
        "hint": ending.hint,
        "steps": [
            {
                "step": step.id,
                "title": step.title,
                "state": step.mark.value,
                "detail": step.detail,
                "seconds": round(step.seconds, 3),
            }
            for step in procedure.steps
        ],
    }
