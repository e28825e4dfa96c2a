"""The monitor verb, which is also what `tsmon` alone does."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tsmon.cli.outcome import Exit, fail
from tsmon.cli.output import complain, say
from tsmon.cli.target import Target, pass_target, server_options
from tsmon.cli.watching import find_instance, prometheus_client
from tsmon.serving.assets import digit_assets
from tsmon.serving.errors import AssetsMissing
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.recording.reader import Recording
from tsmon.telemetry.recording.writer import RecordedSource
from tsmon.telemetry.source import Source

if TYPE_CHECKING:
    from tsmon.tui.app import TsmonApp

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
    click.option(
        "--prometheus",
        metavar="URL",
        help="Show what this Prometheus server knows of a TorchServe, with its past.",
    ),
    click.option(
        "--instance", help="With --prometheus: which TorchServe, unless there is only one."
    ),
    click.option("--job", help="With --prometheus: where several jobs scrape that instance."),
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
    prometheus: str | None,
    instance: str | None,
    job: str | None,
) -> int:
    """Open the monitor."""
    if prometheus:
        if recording:
            raise click.UsageError("--record goes with a server itself, not with --prometheus")
        return open_prometheus(target, prometheus, instance, job)
    if instance or job:
        raise click.UsageError("--instance and --job go with --prometheus")
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
    need_terminal("`tsmon metrics --watch` prints a line per tick instead")
    from tsmon.tui.app import MonitorOptions, TsmonApp
    from tsmon.tui.session import LiveSession

    client = target.client()
    options = MonitorOptions(
        period_s=period,
        model_store=model_store or target.model_store(client.addresses) or _artifacts(),
        samples=samples or _samples(),
        drawings=drawings,
        server_home=target.local_server().home.path,
        note=note,
    )
    with ExitStack() as stack:
        source: Source = stack.enter_context(closing(LiveSource(client, target.logs)))
        if recording:
            source = stack.enter_context(closing(RecordedSource(source, recording)))
        app = TsmonApp(LiveSession(client, period, source), options)
        code = _run(app)
    left = app.experiment.experiment.restoration if app.experiment else None
    if left is not None and not left.done:
        complain(left.message, left.remedy)
    if app.started is not None:
        say(f"the TorchServe at {app.started.management} goes on; `tsmon serve stop` stops it")
    return code


def open_prometheus(target: Target, url: str, instance: str | None, job: str | None) -> int:
    """Open the monitor on what a Prometheus server knows of a TorchServe."""
    need_terminal("`tsmon metrics --watch --prometheus URL` prints a line per tick instead")
    from tsmon.tui.app import TsmonApp
    from tsmon.tui.session import PrometheusSession

    name = instance or asyncio.run(find_instance(target, url))
    session = PrometheusSession(prometheus_client(target, url), name, job)
    return _run(TsmonApp(session))


def open_replay(recording: Recording) -> int:
    """Open the monitor on a recording."""
    need_terminal("--json and --csv print what was recorded instead")
    from tsmon.tui.app import TsmonApp
    from tsmon.tui.session import ReplaySession

    return _run(TsmonApp(ReplaySession(recording)))


def _run(app: TsmonApp) -> int:
    from tsmon.tui.pauses import shorten_pauses

    shorten_pauses()
    return app.run() or Exit.DONE


def need_terminal(instead: str) -> None:
    """End the command where nobody could see or press anything."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        fail("the monitor needs a terminal", instead, Exit.USAGE)


def _artifacts() -> Path | None:
    folder = Path("artifacts")
    return folder.absolute() if folder.is_dir() else None


def _samples() -> Path | None:
    try:
        return digit_assets().samples
    except AssetsMissing:
        return None
