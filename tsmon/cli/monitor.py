"""The monitor verb, which is also what `tsmon` alone does."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, ExitStack, closing
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import click

from tsmon.cli.given import given
from tsmon.cli.nearest_server import nearest_server
from tsmon.cli.outcome import Exit, fail
from tsmon.cli.output import complain, say
from tsmon.cli.target import Target, pass_target, server_options
from tsmon.cli.watching import (
    find_instance,
    live_source,
    prometheus_client,
    prometheus_source,
    watch_plainly,
)
from tsmon.config.changes import Given, Origins
from tsmon.config.schema import MonitorSettings, SymbolsName
from tsmon.config.values import Dotted
from tsmon.serving.assets import digit_assets
from tsmon.serving.errors import AssetsMissing
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.recording.reader import Recording
from tsmon.telemetry.recording.writer import RecordedSource
from tsmon.telemetry.source import Source

if TYPE_CHECKING:
    from tsmon.tui.app import TsmonApp
    from tsmon.tui.options import MonitorOptions

F = TypeVar("F", bound=Callable[..., Any])
GivenSettings = Mapping[Dotted, Given]
NOTHING_GIVEN: GivenSettings = MappingProxyType({})

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
        "--plain", is_flag=True, help="No screen: a line per model and tick, and what happens."
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
    chosen = MonitorSettings(**{name: value for name, value in settings.items() if value})
    if prometheus:
        if recording:
            raise click.UsageError("--record goes with a server itself, not with --prometheus")
        if plain:
            return asyncio.run(_watch(prometheus_source(target, prometheus, instance, job), chosen))
        return open_prometheus(target, chosen, prometheus, instance, job, given(ctx))
    if instance or job:
        raise click.UsageError("--instance and --job go with --prometheus")
    target, note = nearest_server(target)
    if plain:
        return asyncio.run(_watch(live_source(target), chosen, recording))
    return open_monitor(target, chosen, recording=recording, note=note, given=given(ctx))


async def _watch(
    opened: AbstractAsyncContextManager[Source],
    settings: MonitorSettings,
    recording: Path | None = None,
) -> int:
    """The monitor without a screen."""
    async with opened as source:
        with ExitStack() as stack:
            if recording:
                source = stack.enter_context(closing(RecordedSource(source, recording)))
            await watch_plainly(source, settings.period)
    return Exit.DONE


def open_monitor(
    target: Target,
    settings: MonitorSettings,
    *,
    recording: Path | None = None,
    note: str = "",
    fleet: bool = False,
    given: GivenSettings = NOTHING_GIVEN,
) -> int:
    """Open the monitor on a server and give its exit code when it is left.

    With `fleet` all servers are shown first; `given` is what options and variables say.
    """
    need_terminal("--plain prints a line per tick instead")
    from tsmon.tui.app import TsmonApp
    from tsmon.tui.session import LiveSession, Tag

    client = target.client()
    settings = replace(
        settings,
        model_store=settings.model_store or target.model_store(client.addresses) or _artifacts(),
        samples=settings.samples or _samples(),
    )
    with ExitStack() as stack:
        zone = target.access.log_zone
        source: Source = stack.enter_context(closing(LiveSource(client, target.log_place, zone)))
        if recording:
            source = stack.enter_context(closing(RecordedSource(source, recording)))
        tag = Tag(target.name, target.settings.color)
        session = LiveSession(client, settings.period, source, log_zone=zone, tag=tag)
        app = TsmonApp(session, replace(_options(target, settings, note, given), fleet=fleet))
        code = _run(app)
    left = app.experiment.experiment.restoration if app.experiment else None
    if left is not None and not left.done:
        complain(left.message, left.remedy)
    if app.wants_demo:
        from tsmon.cli.demo import demo  # which opens the monitor in its turn

        return click.get_current_context().invoke(demo)  # type: ignore[no-any-return]
    if app.started is not None:
        say(f"the TorchServe at {app.started.management} goes on; `tsmon serve stop` stops it")
    return code


def open_prometheus(
    target: Target,
    settings: MonitorSettings,
    url: str,
    instance: str | None,
    job: str | None,
    given: GivenSettings = NOTHING_GIVEN,
) -> int:
    """Open the monitor on what a Prometheus server knows of a TorchServe."""
    need_terminal("--plain prints a line per tick instead")
    from tsmon.tui.app import TsmonApp
    from tsmon.tui.session import PrometheusSession

    name = instance or asyncio.run(find_instance(target, url))
    session = PrometheusSession(prometheus_client(target, url), name, job)
    return _run(TsmonApp(session, _options(target, settings, given=given)))


def open_replay(target: Target, recording: Recording) -> int:
    """Open the monitor on a recording."""
    need_terminal("--json and --csv print what was recorded instead")
    from tsmon.tui.app import TsmonApp
    from tsmon.tui.session import ReplaySession

    options = _options(target, target.loaded.config.monitor)
    return _run(TsmonApp(ReplaySession(recording), options))


def _run(app: TsmonApp) -> int:
    """Run the app; what did not end by its own word was interrupted, or failed."""
    from tsmon.tui.pauses import shorten_pauses

    shorten_pauses()
    code = app.run()
    return (app.return_code or Exit.INTERRUPTED) if code is None else code


def require_keys(target: Target) -> None:
    """End the command where the keys of the configuration cannot be used, before it does more.

    Raises:
        ConfigError: they cannot.
    """
    from tsmon.tui.keymap.configured import configured

    configured(target.loaded)


def _options(
    target: Target,
    settings: MonitorSettings,
    note: str = "",
    given: GivenSettings = NOTHING_GIVEN,
) -> MonitorOptions:
    from tsmon.tui.crash import crash_folder
    from tsmon.tui.keymap.configured import configured
    from tsmon.tui.options import MonitorOptions
    from tsmon.tui.terminal import symbols_of
    from tsmon.tui.themes import theme_named
    from tsmon.tui.widgets.raster import Symbols

    loaded = target.loaded
    return MonitorOptions(
        period_s=settings.period,
        theme=theme_named(settings.theme),
        symbols=Symbols(settings.symbols) if settings.symbols else symbols_of(os.environ),
        span_s=settings.span,
        model_store=settings.model_store,
        samples=settings.samples,
        drawings=settings.drawings,
        server_home=target.local_server().home.path,
        config=loaded.config,
        origins=Origins(loaded.origins, given, loaded.own, loaded.files),
        keys=configured(loaded),
        welcome=not target.names_server and target.own_server() is None,
        crash_folder=crash_folder(),
        note=note,
    )


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
