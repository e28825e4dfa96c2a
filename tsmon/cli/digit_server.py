"""A server of this machine with the digit model, for as long as a command runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tsmon.cli.console import talk
from tsmon.cli.output import asked, say
from tsmon.cli.own_server import start_with_progress, stop_with_progress
from tsmon.cli.reports.server import ORPHANED
from tsmon.cli.rollout import wait_for_workers
from tsmon.cli.walkthrough import MODEL
from tsmon.serving.archive import (
    DIGIT_BATCH_DELAY_MS,
    DIGIT_BATCH_SIZE,
    build_archive,
    digit_archive_spec,
)
from tsmon.serving.errors import NotRunning, PortTaken
from tsmon.serving.local_server import LocalServer, State
from tsmon.serving.plan import ServerPlan
from tsmon.serving.ports import Ports, check_free, free_ports
from tsmon.torchserve.errors import Conflict
from tsmon.torchserve.management import Registration

if TYPE_CHECKING:
    from tsmon.cli.target import Target
    from tsmon.serving.record import ServerRecord


def at_record(target: Target, record: ServerRecord) -> Target:
    """The target at a server of this home."""
    return replace(
        target,
        server=None,
        inference_url=record.inference,
        management_url=record.management,
        metrics_url=record.metrics,
        key_file=None,  # that of its home, which is tsmon's own
    )


@contextmanager
def digit_server(server: LocalServer, model_store: Path, *, keep: bool) -> Iterator[ServerRecord]:
    """A server of this home for a while; one that runs already is used and left running.

    One that a killed tsmon left is stopped first, in its place.
    """
    found = server.status()
    if found.state is State.RUNNING and found.server is not None:
        if not (found.server.orphaned and _may_stop(server, found.server)):
            say(f"using the TorchServe running at {found.server.management}")
            yield found.server
            return
        _stop(server)
    plan = ServerPlan(model_store=model_store, ports=_ports())
    record = start_with_progress(server, plan, owned=not keep)
    say(f"started TorchServe {record.version} at {record.management}")
    try:
        yield record
    finally:
        if keep:
            say(f"TorchServe is still running at {record.management}; `tsmon serve stop` stops it")
        else:
            _stop(server)


def _may_stop(server: LocalServer, record: ServerRecord) -> bool:
    """Ask where a person is there; after a no the server stays, and no one is asked again."""
    say(f"{ORPHANED}: {record.management}")
    question = "Stop it, and start another one?"
    if not sys.stdin.isatty() or asked(question, default=True):
        return True
    server.give_to(None, record)
    return False


def _stop(server: LocalServer) -> None:
    try:
        record = stop_with_progress(server)
    except NotRunning:
        say("the TorchServe had been stopped already")
    else:
        say(f"stopped the TorchServe at {record.management}")


def _ports() -> Ports:
    """TorchServe's own ports, or free ones when someone has those."""
    try:
        check_free(Ports())
    except PortTaken as taken:
        say(f"{taken.message}; using free ports instead")
        return free_ports()
    return Ports()


async def serve_digits(target: Target, model_store: Path) -> None:
    """Archive and register the digit model with one worker, and wait until it is ready."""
    with talk.status("archiving the digit model…"):
        archive = build_archive(digit_archive_spec(model_store, force=True))
    async with target.client() as client:
        with suppress(Conflict):
            registration = Registration(
                archive.name,
                batch_size=DIGIT_BATCH_SIZE,
                max_batch_delay=DIGIT_BATCH_DELAY_MS,
                initial_workers=1,
            )
            say(await client.management.register(registration))
        model = await client.management.describe(MODEL)
        await wait_for_workers(client, MODEL, model.min_workers)
