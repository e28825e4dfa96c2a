"""One change of several servers: its plan, the question, what became of it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from tsmon.cli.console import talk
from tsmon.cli.declared import print_plan, targets_of
from tsmon.cli.outcome import fail
from tsmon.cli.output import confirm, emit_json, say
from tsmon.cli.reports.declared import change_record
from tsmon.declared.applying import StepOutcome
from tsmon.declared.changes import plan_for
from tsmon.declared.kept import keep_before
from tsmon.declared.many import MOST_AT_ONCE, ChangeOfMany, ServerProgress, Stand
from tsmon.declared.state import state_of
from tsmon.torchserve.errors import ReadOnly
from tsmon.units import plural
from tsmon.untrusted.shell import shell_word

if TYPE_CHECKING:
    from pathlib import Path

    from tsmon.cli.target import Target
    from tsmon.declared.changes import Change, ServerPlan
    from tsmon.declared.state import DeclaredState
    from tsmon.torchserve.client import TorchServe

parallel_option = click.option(
    "--parallel",
    "at_once",
    type=click.IntRange(1, MOST_AT_ONCE),
    default=1,
    show_default=True,
    help="With --to: how many servers are changed at a time.",
)
_GLYPHS = {StepOutcome.DONE: "✓", StepOutcome.FAILED: "✗", StepOutcome.NOT_TRIED: "·"}


async def change_servers(
    target: Target,
    servers: Sequence[str],
    change: Change,
    *,
    yes: bool,
    as_json: bool,
    at_once: int = 1,
) -> None:
    """Show the plan for all of them, ask, carry it out, say how it ended and how to go back."""
    targets: dict[str, Target] = {}
    plans: list[ServerPlan] = []
    refused: list[str] = []
    for each in targets_of(target, servers):
        async with each.client() as client:
            name = each.name or client.addresses.label
            plan = plan_for(name, change, await state_of(client.management))
            if client.read_only and plan.steps:
                refused.append(name)
        print_plan(plan, talk=say)
        targets[name] = each
        plans.append(plan)
    _refuse(plans, refused)
    changing = [plan.server for plan in plans if plan.steps]
    if changing and not yes and sys.stdin.isatty():
        those = changing[0] if len(changing) == 1 else plural(len(changing), "server")
        confirm(f"Apply this to {those}?")

    def open_server(server: str) -> TorchServe:
        return targets[server].client(hints=False)

    def keep(server: str, state: DeclaredState) -> Path:
        return keep_before(target.own_home, server, state)

    work = ChangeOfMany(plans, open_server, keep, at_once=at_once)
    try:
        await _follow(work)
    finally:
        if as_json:
            emit_json([change_record(each) for each in work.servers.values()])
    _say_how_it_ended(work)


def _refuse(plans: Sequence[ServerPlan], read_only: Sequence[str]) -> None:
    """End it before anything began where one of them cannot have it.

    Raises:
        ReadOnly: they are read-only.
    """
    if read_only:
        if len(plans) > 1:
            say(f"read-only: {', '.join(read_only)}")
        raise ReadOnly
    for plan in plans:
        if plan.obstacle:
            fail(f"{plan.server}: {plan.obstacle}")


async def _follow(work: ChangeOfMany) -> None:
    """Say each step as it ends."""
    said: dict[str, int] = {}
    several = len(work.servers) > 1
    with talk.status("…") as status:

        def changed(name: str) -> None:
            server = work.servers[name]
            where = f"{name}: " if several else ""
            ended = [each for each in server.steps if each.outcome is not StepOutcome.UNDER_WAY]
            for step in ended[said.get(name, 0) :]:
                why = f": {step.detail}" if step.detail else ""
                say(f"{_GLYPHS[step.outcome]} {where}{step.step}{why}")
            said[name] = len(ended)
            if len(server.steps) > len(ended):
                status.update(f"{where}{server.steps[-1].step} …")

        work.changed = changed
        await work.run()


def _say_how_it_ended(work: ChangeOfMany) -> None:
    """Say which were changed, which not, and where the way back is; end with 1 after a failure."""
    servers = work.servers.values()
    for each in servers:
        if each.kept is not None:
            where = f"{each.plan.server} " if len(servers) > 1 else ""
            say(f"{where}as it was: {each.kept}")
    failed = [each for each in servers if each.stand is Stand.FAILED]
    if not failed:
        return
    not_tried = [each.plan.server for each in servers if each.stand is Stand.NOT_TRIED]
    rest = f"; not changed: {', '.join(not_tried)}" if not_tried else ""
    backs = " && ".join(_back(each) for each in servers if each.was_changed)
    hint = f"`{backs}` puts back what was there" if backs else ""
    reasons = "; ".join(f"{each.plan.server}: {each.why}" for each in failed)
    fail(f"{reasons}{rest}", hint)


def _back(server: ServerProgress) -> str:
    """The command that gives a server what it had."""
    file, name = shell_word(str(server.kept)), shell_word(server.plan.server)
    return f"tsmon apply {file} --prune --server {name}"
