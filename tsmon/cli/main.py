"""The command `tsmon` and its sub-commands."""

from __future__ import annotations

import signal
import sys
from io import TextIOWrapper
from types import FrameType

import click

from tsmon import __version__
from tsmon.cli.advise import advise
from tsmon.cli.archive import archive
from tsmon.cli.config import config
from tsmon.cli.config_option import config_option, require_config
from tsmon.cli.demo import demo
from tsmon.cli.doctor import doctor
from tsmon.cli.events import events
from tsmon.cli.experiment import experiment
from tsmon.cli.explain import explain
from tsmon.cli.fleet import fleet
from tsmon.cli.given import hand_on
from tsmon.cli.inference import ping, predict, send
from tsmon.cli.keys import keys
from tsmon.cli.load import load
from tsmon.cli.metrics import metrics
from tsmon.cli.models import describe, models, register, scale, set_default, unregister
from tsmon.cli.monitor import monitor, monitor_options
from tsmon.cli.outcome import CommandGroup, run
from tsmon.cli.recording import record, replay
from tsmon.cli.replace import replace
from tsmon.cli.restart import restart
from tsmon.cli.serve import serve
from tsmon.cli.target import server_options
from tsmon.cli.token import token


@click.group(
    cls=CommandGroup,
    invoke_without_command=True,
    context_settings={
        "auto_envvar_prefix": "TSMON",
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
    },
)
@config_option
@click.version_option(__version__, "-V", "--version", message="tsmon %(version)s")
@server_options
@monitor_options
@click.pass_context
def cli(ctx: click.Context, /, **settings: object) -> int | None:
    """The terminal monitor for TorchServe.

    Without a command the monitor opens. Every option can be set in the environment as well, as
    TSMON_ and its name: TSMON_SERVER, TSMON_KEY_FILE; and most in a file: `tsmon config`.
    """
    if ctx.invoked_subcommand != config.name:
        require_config(ctx)
    if ctx.invoked_subcommand is None:
        return ctx.invoke(monitor, **settings)  # type: ignore[no-any-return]
    hand_on(ctx, monitor, settings)
    return None


for command in (
    monitor,
    demo,
    serve,
    archive,
    models,
    describe,
    register,
    scale,
    set_default,
    unregister,
    replace,
    restart,
    ping,
    predict,
    send,
    load,
    advise,
    experiment,
    metrics,
    events,
    fleet,
    record,
    replay,
    token,
    doctor,
    explain,
    keys,
    config,
):
    cli.add_command(command)


def main() -> None:
    """Run tsmon with the arguments of this process."""
    # Where the locale has few characters, a word with a `?` in it is better than none.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    for ending in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(ending, _interrupt)
    try:
        sys.exit(run(cli))
    except KeyboardInterrupt:  # before click's own net, or behind it
        sys.exit(130)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End as by Ctrl-C, so that what was started is stopped.

    A shell has its background jobs ignore Ctrl-C; they still end when they are told to.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)
