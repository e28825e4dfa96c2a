"""The monitor verb, which is also what `tsmon` alone does."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any, TypeVar

import click

from tsmon.cli.outcome import Exit, fail
from tsmon.cli.output import say
from tsmon.cli.target import Target, pass_target, server_options
from tsmon.serving.assets import digit_assets
from tsmon.serving.errors import AssetsMissing
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.recording.writer import RecordedSource

F = TypeVar("F", bound=Callable[..., Any])

_FOLDER = click.Path(path_type=Path, file_okay=False)
_OPTIONS = (
    click.option(
        "--period",
        default=1.0,
        show_default=True,
        type=click.FloatRange(0.2),
        help="Seconds between polls.",
    ),
    click.option("--model-store", type=_FOLDER, help="Folder with the archives to register."),
    click.option("--samples", type=_FOLDER, help="Folder of the images to send."),
    click.option("--drawings", type=_FOLDER, help="Folder that gets the digits drawn here."),
    click.option(
        "--record",
        "recording",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Write what is seen into an SQLite file, as `tsmon record` does.",
    ),
)


def monitor_options(command: F) -> F:
    """The options of the monitor."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command()
@server_options
@monitor_options
@pass_target
def monitor(
    target: Target,
    period: float,
    model_store: Path | None,
    samples: Path | None,
    drawings: Path | None,
    recording: Path | None,
) -> int:
    """Open the monitor."""
    return open_monitor(
        target,
        period=period,
        model_store=model_store,
        samples=samples,
        drawings=drawings,
        recording=recording,
    )


def open_monitor(
    target: Target,
    *,
    period: float = 1.0,
    model_store: Path | None = None,
    samples: Path | None = None,
    drawings: Path | None = None,
    recording: Path | None = None,
    note: str = "",
) -> int:
    """Open the monitor on a server and give its exit code when it is left."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        fail(
            "the monitor needs a terminal",
            "`tsmon metrics --watch` prints a line per tick instead",
            Exit.USAGE,
        )
    from tsmon.tui.app import MonitorOptions, TsmonApp

    client = target.client()
    options = MonitorOptions(
        period_s=period,
        model_store=model_store or target.model_store(client.addresses) or _artifacts(),
        samples=samples or _samples(),
        drawings=drawings,
        server_home=target.local_server().home.path,
        note=note,
    )
    live = LiveSource(client, target.logs)
    with closing(RecordedSource(live, recording)) if recording else nullcontext(live) as source:
        app = TsmonApp(client, options, source=source)
        code = app.run() or Exit.DONE
    if app.started is not None:
        say(f"the TorchServe at {app.started.management} goes on; `tsmon serve stop` stops it")
    return code


def _artifacts() -> Path | None:
    folder = Path("artifacts")
    return folder.absolute() if folder.is_dir() else None


def _samples() -> Path | None:
    try:
        return digit_assets().samples
    except AssetsMissing:
        return None
