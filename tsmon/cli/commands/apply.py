"""The command that gives servers a declared state."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tsmon.cli.console import talk
from tsmon.cli.coroutines import runs_async
from tsmon.cli.declared import (
    keep_before,
    print_plan,
    prune_option,
    servers_option,
    state_argument,
    targets_of,
)
from tsmon.cli.options import as_json, server_options
from tsmon.cli.outcome import fail
from tsmon.cli.output import confirm, emit_json, say
from tsmon.cli.reports.declared import step_record
from tsmon.cli.target import Target, pass_target
from tsmon.declared.applying import AppliedStep, StepOutcome, carry_out
from tsmon.declared.difference import difference
from tsmon.declared.state import read_state, state_of
from tsmon.untrusted.shell import shell_word

if TYPE_CHECKING:
    from tsmon.declared.state import DeclaredState

_GLYPHS = {StepOutcome.DONE: "✓", StepOutcome.FAILED: "✗", StepOutcome.NOT_TRIED: "·"}


@click.command()
@state_argument
@prune_option
@servers_option
@click.option("--yes", "-y", is_flag=True, help="Do not ask for confirmation.")
@as_json
@server_options
@pass_target
@runs_async
async def apply(
    target: Target,
    file: Path,
    prune: bool,
    servers: tuple[str, ...],
    yes: bool,
    as_json: bool,
) -> None:
    """Give a server, or several in turn, the models of FILE, as `tsmon dump` writes it.

    The plan is shown first. What is as it should be is not touched, so it can be repeated. It stops
    at the first step that fails, and says how to go back.
    """
    wanted = read_state(file)
    records: list[dict[str, Any]] = []
    try:
        for each in targets_of(target, servers):
            records.append(await _apply_to(each, wanted, prune=prune, yes=yes))
            if records[-1]["failed"]:
                _stop(records[-1])
    finally:
        if as_json:
            emit_json(records)


async def _apply_to(
    target: Target, wanted: DeclaredState, *, prune: bool, yes: bool
) -> dict[str, Any]:
    async with target.client() as client:
        label, management = client.addresses.label, client.management
        before = await state_of(management)
        plan = difference(wanted, before, prune=prune)
        print_plan(label, plan, talk=say)
        record: dict[str, Any] = {"server": label, "steps": [], "failed": False, "before": None}
        if not plan.steps:
            return record
        management.refuse_when_read_only()
        if not yes and sys.stdin.isatty():
            confirm(f"Apply this to {label}?")
        kept = keep_before(target, label, before)
        record["before"] = str(kept)
        steps: list[AppliedStep] = []
        with talk.status("…") as status:
            async for step in carry_out(management, plan, before):
                if step.outcome is StepOutcome.UNDER_WAY:
                    status.update(f"{step.step} …")
                    continue
                steps.append(step)
                why = f": {step.detail}" if step.detail else ""
                say(f"{_GLYPHS[step.outcome]} {step.step}{why}")
    record["steps"] = [step_record(each) for each in steps]
    record["failed"] = any(each.outcome is StepOutcome.FAILED for each in steps)
    say(f"as it was: {kept}")
    return record


def _stop(record: dict[str, Any]) -> None:
    failed = next(each for each in record["steps"] if each["outcome"] == StepOutcome.FAILED)
    server = shell_word(record["server"])
    fail(
        f"{record['server']}: {failed['action']} {failed['model']} {failed['version']} failed: "
        f"{failed['detail']}",
        f"`tsmon apply {shell_word(record['before'])} --prune --server {server}` puts back what "
        "was there",
    )
