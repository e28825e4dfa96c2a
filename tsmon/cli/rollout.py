"""Waiting for workers with a line that shows progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsmon.cli.console import talk
from tsmon.cli.outcome import fail
from tsmon.cli.output import say
from tsmon.cli.verdicts import cause_lines
from tsmon.telemetry.health.server_signs import READY_IS_EARLY, ServerSigns
from tsmon.torchserve.errors import TorchServeError
from tsmon.torchserve.rollout import Outcome, RolloutProgress, follow
from tsmon.units import duration

if TYPE_CHECKING:
    from tsmon.logs.places import LogPlace
    from tsmon.torchserve.client import TorchServe


async def wait_for_workers(
    client: TorchServe,
    name: str,
    wanted: int,
    version: str | None = None,
    logs: LogPlace | None = None,
) -> None:
    """Wait until `wanted` workers are ready; else end the command with the cause out of the logs.

    `logs` is where the logs are as named by the person, if it was.
    """
    with talk.status(f"{name}: starting workers…") as status:
        async for progress in follow(client.management, name, wanted, version=version):
            status.update(f"{name}: {_words(progress)}")
    if progress.outcome is Outcome.FAILED:
        from tsmon.cli.log_evidence import cause_of

        overtaken = progress.overtaken
        cause = None if overtaken else cause_of(logs, client.addresses, name, version)
        for line in cause_lines(cause) if cause else ():
            say(line)
        fail(f"{name}: {progress.reason}", "" if cause else progress.hint)
    say(f"{name}: {_words(progress)}{await _doubt(client) if progress.ready else ''}")


async def _doubt(client: TorchServe) -> str:
    """Why ready workers may not have loaded the model; empty where they have."""
    try:
        version = (await client.management.api_description()).version
    except TorchServeError:
        return ""
    return f"; {READY_IS_EARLY}" if ServerSigns(version).ready_means_running else ""


def _words(progress: RolloutProgress) -> str:
    if progress.wanted == 0 and progress.ready == 0:
        return f"no workers, {duration(progress.seconds)}"
    return f"{progress.ready} of {progress.wanted} workers ready, {duration(progress.seconds)}"
