"""The monitor verb, which is also what `tsmon` alone does."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import click

from tsmon.cli.demo import demo
from tsmon.cli.given import given
from tsmon.cli.nearest_server import nearest_server
from tsmon.cli.opening import open_monitor, open_prometheus
from tsmon.cli.outcome import Exit, run_async
from tsmon.cli.output import complain
from tsmon.cli.target import Target, pass_target, server_options
from tsmon.cli.trusting import require_trust
from tsmon.cli.watching import live_source, prometheus_source, watch_plainly
from tsmon.config.schema import MonitorSettings, SymbolsName
from tsmon.telemetry.recording.recorder import RecordedSource

if TYPE_CHECKING:
    from tsmon.telemetry.source import Source

F = TypeVar("F", bound=Callable[..., Any])
_FOLDER = click.Path(path_type=Path, file_okay=False)
_DEFAULTS = MonitorSettings()
_OPTIONS = (
    click.option(
        "--period",
        default=_DEFAULTS.period,
        show_default=True,
        type=click.FloatRange(0.2),
        help="Seconds between polls.",
    ),
    click.option("--theme", help="Name of the colour theme. [default: one that fits the terminal]"),
    click.option(
        "--symbols",
        type=click.Choice([name for name in get_args(SymbolsName) if name]),
        help="What charts are drawn with; ascii is for the whole screen. [default: braille, or "
        "ascii where the terminal has nothing else]",
    ),
    click.option(
        "--span",
        default=_DEFAULTS.span,
        show_default=True,
        type=click.FloatRange(60),
        help="Seconds that the charts show at first.",
    ),
    click.option(
        "--plain", is_flag=True, help="No screen: a short line per tick, and what happens."
    ),
    click.option("--model-store", type=_FOLDER, help="Folder with the archives to register."),
    click.option("--samples", type=_FOLDER, help="Folder of the images to send."),
    click.option("--drawings", type=_FOLDER, help="Folder that gets the digits drawn here."),
    click.option(
        "--record",
        "recording",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Write what is seen into an SQLite file, as `tsmon record FILE` does.",
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
@click.pass_context
def monitor(
    ctx: click.Context,
    target: Target,
    /,
    recording: Path | None,
    prometheus: str | None,
    instance: str | None,
    job: str | None,
    plain: bool,
    **settings: Any,
) -> int:
    """Open the monitor."""
    require_trust(ctx, target, ask=not plain)
    chosen = MonitorSettings(**{name: value for name, value in settings.items() if value})
    if prometheus:
        if recording:
            raise click.UsageError("--record goes with a server itself, not with --prometheus")
        if plain:
            return run_async(_watch(prometheus_source(target, prometheus, instance, job), chosen))
        return open_prometheus(target, chosen, prometheus, instance, job, given(ctx))
    if instance or job:
        raise click.UsageError("--instance and --job go with --prometheus")
    target, note = nearest_server(target)
    if plain:
        return run_async(_watch(live_source(target), chosen, recording))
    left = open_monitor(target, chosen, recording=recording, note=note, given=given(ctx))
    return ctx.invoke(demo) if left.wants_demo else left.code


async def _watch(
    opened: AbstractAsyncContextManager[Source],
    settings: MonitorSettings,
    recording: Path | None = None,
) -> int:
    """The monitor without a screen."""
    async with opened as source:
        if recording is None:
            await watch_plainly(source, settings.period)
            return Exit.DONE
        with closing(RecordedSource(source, recording)) as recorded:
            try:
                await watch_plainly(recorded, settings.period)
            finally:
                if recorded.missing:
                    complain(recorded.missing)
    return Exit.DONE
