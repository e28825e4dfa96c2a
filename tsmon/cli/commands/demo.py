"""The demo verb: a server, the digit model and the monitor on it, in one command."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from tsmon.cli.console import talk
from tsmon.cli.coroutines import run_async
from tsmon.cli.options import server_options
from tsmon.cli.outcome import Exit, fail
from tsmon.cli.output import asked, say
from tsmon.cli.own_server import (
    DEFAULT_STORE,
    make_model_store,
    start_with_progress,
    stop_with_progress,
)
from tsmon.cli.reports.server import ORPHANED
from tsmon.cli.rollout import wait_for_workers
from tsmon.cli.target import Target, pass_target
from tsmon.cli.walkthrough import MODEL, StepFailed, Walkthrough
from tsmon.serving.archive import (
    DIGIT_BATCH_DELAY_MS,
    DIGIT_BATCH_SIZE,
    build_archive,
    digit_archive_spec,
)
from tsmon.serving.assets import digit_assets
from tsmon.serving.errors import NotRunning, PortTaken
from tsmon.serving.extras import require_server
from tsmon.serving.local_server import LocalServer, State
from tsmon.serving.plan import ServerPlan
from tsmon.serving.ports import Ports, check_free, free_ports
from tsmon.torchserve.errors import Conflict
from tsmon.torchserve.management import Registration

if TYPE_CHECKING:
    from tsmon.serving.record import ServerRecord


@click.command()
@click.option(
    "--headless", is_flag=True, help="Print the walkthrough instead of opening the monitor."
)
@click.option("--keep", is_flag=True, help="Leave the server running.")
@click.option("--seed", type=int, help="Seed, to send the same digits every time.")
@click.option(
    "--model-store",
    default=DEFAULT_STORE,
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write the archive to.",
)
@server_options
@pass_target
def demo(target: Target, headless: bool, keep: bool, seed: int | None, model_store: Path) -> int:
    """Start a TorchServe, register the digit model and open the monitor on it.

    Without a terminal, or with --headless, the same job is printed as a walk through every step,
    with exit code 0 only if each answered as it should. Leaving stops the server.
    """
    target.refuse_when_read_only()
    on_terminal = not headless and sys.stdin.isatty() and sys.stdout.isatty()
    if on_terminal:
        from tsmon.tui.keymap.configured import configured

        configured(target.loaded)  # keys that cannot be are found before anything is started
    require_server()
    make_model_store(model_store)
    samples = digit_assets().samples
    with _server(target.local_server(), model_store, keep=keep) as record:
        own = replace(
            target,
            server=None,
            inference_url=record.inference,
            management_url=record.management,
            metrics_url=record.metrics,
            key_file=None,  # that of its home, which is tsmon's own
        )
        if not on_terminal:
            return run_async(_walk(own, record.model_store, samples, seed))
        run_async(serve_digits(own, record.model_store))
        note = "stays when you quit" if keep else "stops when you quit"
        settings = dataclasses.replace(
            target.loaded.config.monitor, model_store=record.model_store, samples=samples
        )
        from tsmon.cli.monitor_screen import open_monitor

        return open_monitor(own, settings, note=note).code


@contextmanager
def _server(server: LocalServer, model_store: Path, *, keep: bool) -> Iterator[ServerRecord]:
    """The demo's server; one that runs from this home already is used and left running.

    One that a killed demo left is stopped first, in its place.
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


async def _walk(target: Target, model_store: Path, samples: Path, seed: int | None) -> int:
    async with target.client() as client:
        try:
            await Walkthrough(client, model_store, samples, seed).run()
        except StepFailed as failure:
            fail(str(failure))
    say("every step gave the expected answer")
    return Exit.DONE
