"""The demo verb: a server, the digit model and the monitor on it, in one command."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import click

from tsmon.cli.coroutines import run_async
from tsmon.cli.digit_server import at_record, digit_server, serve_digits
from tsmon.cli.options import server_options
from tsmon.cli.outcome import Exit, fail
from tsmon.cli.output import say
from tsmon.cli.own_server import DEFAULT_STORE, make_model_store
from tsmon.cli.target import Target, pass_target
from tsmon.cli.walkthrough import StepFailed, Walkthrough
from tsmon.serving.assets import digit_assets
from tsmon.serving.extras import require_server


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
    with digit_server(target.local_server(), model_store, keep=keep) as record:
        own = at_record(target, record)
        if not on_terminal:
            return run_async(_walk(own, record.model_store, samples, seed))
        run_async(serve_digits(own, record.model_store))
        note = "stays when you quit" if keep else "stops when you quit"
        settings = dataclasses.replace(
            target.loaded.config.monitor, model_store=record.model_store, samples=samples
        )
        from tsmon.cli.monitor_screen import open_monitor

        return open_monitor(own, settings, note=note).code


async def _walk(target: Target, model_store: Path, samples: Path, seed: int | None) -> int:
    async with target.client() as client:
        try:
            await Walkthrough(client, model_store, samples, seed).run()
        except StepFailed as failure:
            fail(str(failure))
    say("every step gave the expected answer")
    return Exit.DONE
