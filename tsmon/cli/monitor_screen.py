"""Opens the monitor, or says why it cannot: on a server, on a Prometheus server, on a recording.

This module loads Textual: a command imports it once a screen is to be opened.
"""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from tsmon.cli.coroutines import run_async
from tsmon.cli.outcome import Exit, fail
from tsmon.cli.output import complain, say
from tsmon.config.changes import Given, Origins
from tsmon.config.values import Dotted
from tsmon.serving.assets import digit_assets
from tsmon.serving.errors import AssetsMissing
from tsmon.telemetry.live import LiveSource
from tsmon.tui.app.app import TsmonApp
from tsmon.tui.app.crash import crash_folder
from tsmon.tui.app.terminal import correct_colors
from tsmon.tui.keymap.configured import configured
from tsmon.tui.state.command_history import history_file
from tsmon.tui.state.options import MonitorOptions
from tsmon.tui.state.session import LiveSession, PrometheusSession, ReplaySession, Tag
from tsmon.tui.state.steps import shorten_pauses
from tsmon.tui.text.symbols import Symbols, symbols_of
from tsmon.tui.text.themes import theme_named

if TYPE_CHECKING:
    from tsmon.cli.target import Target
    from tsmon.config.schema import MonitorSettings
    from tsmon.telemetry.recording.reader import Recording
    from tsmon.telemetry.recording.recorder import RecordedSource
    from tsmon.telemetry.source import Source

GivenSettings = Mapping[Dotted, Given]
NO_SCREEN = ("dumb", "unknown")
"""Terminals that say of themselves that they only write lines."""
NOTHING_GIVEN: GivenSettings = MappingProxyType({})


class Left(Struct, frozen=True):
    """How the monitor was left."""

    code: int
    wants_demo: bool = False
    """Whether the person chose the demo, which starts a server of its own."""


def open_monitor(
    target: Target,
    settings: MonitorSettings,
    *,
    recording: Path | None = None,
    note: str = "",
    fleet: bool = False,
    given: GivenSettings = NOTHING_GIVEN,
) -> Left:
    """Open the monitor on a server and return how it was left.

    With `fleet` all servers are shown first; `given` is what options and variables say.
    """
    need_terminal("--plain prints a line per tick instead")

    client = target.client(hints=False)  # the screen asks
    settings = dataclasses.replace(
        settings,
        model_store=settings.model_store or target.model_store(client.addresses) or _artifacts(),
        samples=settings.samples or _samples(),
    )
    recorded: RecordedSource | None = None
    with ExitStack() as stack:
        zone = target.access.log_zone
        source: Source = stack.enter_context(closing(LiveSource(client, target.log_place, zone)))
        if recording:
            from tsmon.telemetry.recording.recorder import RecordedSource

            recorded = stack.enter_context(closing(RecordedSource(source, recording)))
            source = recorded
        tag = Tag(target.name, target.settings.color)
        session = LiveSession(client, settings.period, source, log_zone=zone, tag=tag)
        options = _options(target, settings, note, given)
        welcome = options.welcome and not fleet
        app = TsmonApp(session, replace(options, fleet=fleet, welcome=welcome))
        code = _run(app)
    if recorded is not None and recorded.missing:
        complain(recorded.missing)
    servers = app.servers
    if left := servers.unrestored:
        complain(left.message, left.hint)
    if servers.started is not None and not app.wants_demo:
        say(
            f"the TorchServe at {servers.started.management} keeps running; `tsmon serve stop` "
            "stops it"
        )
    return Left(code, app.wants_demo)


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
    from tsmon.cli.prometheus import client_for, find_instance

    name = instance or run_async(find_instance(target, url))
    session = PrometheusSession(client_for(target, url), name, {"job": job} if job else None)
    return _run(TsmonApp(session, _options(target, settings, given=given)))


def open_replay(target: Target, recording: Recording) -> int:
    """Open the monitor on a recording."""
    need_terminal("--json and --csv print what was recorded instead")

    options = _options(target, target.loaded.config.monitor)
    return _run(TsmonApp(ReplaySession(recording), options))


def _run(app: TsmonApp) -> int:
    """Run the app; what did not end by its own word was interrupted, or failed."""
    shorten_pauses()
    code = app.run()
    return (app.return_code or Exit.INTERRUPTED) if code is None else code


def _options(
    target: Target,
    settings: MonitorSettings,
    note: str = "",
    given: GivenSettings = NOTHING_GIVEN,
) -> MonitorOptions:

    correct_colors(os.environ)
    loaded = target.loaded
    return MonitorOptions(
        period_s=settings.period,
        theme=theme_named(settings.theme),
        symbols=Symbols(settings.symbols) if settings.symbols else symbols_of(os.environ),
        span_s=settings.span,
        model_store=settings.model_store,
        samples=settings.samples,
        drawings=settings.drawings,
        read_only=target.read_only,
        server_home=target.own_home.path,
        config=dataclasses.replace(loaded.config, fleet=target.fleet_settings()),
        origins=Origins(loaded.origins, given, loaded.own, loaded.files),
        keys=configured(loaded),
        welcome=not target.names_server and target.own_server() is None,
        crash_folder=crash_folder(),
        history_file=history_file(),
        note=note,
    )


def need_terminal(instead: str) -> None:
    """End the command where no one could see or press anything."""
    # The screen is written to stderr; a stream that the shell closed is None.
    streams = (sys.stdin, sys.stdout, sys.stderr)
    if not all(stream is not None and stream.isatty() for stream in streams):
        over_ssh = "SSH_CONNECTION" in os.environ and "SSH_TTY" not in os.environ
        hint = f"`ssh -t` gives it one; {instead}" if over_ssh else instead
        fail("the monitor needs a terminal for its input and output", hint, Exit.USAGE)
    if (term := os.environ.get("TERM")) in NO_SCREEN:
        fail(f"this terminal cannot show a screen (TERM={term})", instead, Exit.USAGE)


def _artifacts() -> Path | None:
    folder = Path("artifacts")
    return folder.absolute() if folder.is_dir() else None


def _samples() -> Path | None:
    try:
        return digit_assets().samples
    except AssetsMissing:
        return None
