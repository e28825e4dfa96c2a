"""The command `tsmon` and its sub-commands."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterable
from io import TextIOWrapper
from types import FrameType

import click
from click.core import ParameterSource

from tsmon import __version__
from tsmon.cli.config_files import config_option, require_config
from tsmon.cli.group import CommandFiles, CommandGroup, go_on_with
from tsmon.cli.options import monitor_options, server_options
from tsmon.cli.outcome import run

CONFIG, MONITOR = "config", "monitor"


@click.group(
    cls=CommandGroup,
    commands=CommandFiles("tsmon.cli.commands"),
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
    if ctx.invoked_subcommand != CONFIG:
        require_config(ctx)
    if ctx.invoked_subcommand is None:
        return go_on_with(ctx, MONITOR, **settings)  # type: ignore[no-any-return]
    _hand_on(ctx, settings)
    return None


def _hand_on(ctx: click.Context, names: Iterable[str]) -> None:
    """Have what was given before the monitor's name hold for it, unless it is given after it too.

    `names` are its options that the group has as well; no other command takes them there.

    Raises:
        click.UsageError: one stands before the name of another command.
    """
    name = ctx.invoked_subcommand or ""
    for option in names:
        source = ctx.get_parameter_source(option)
        if name == MONITOR and source in (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT):
            defaults = ctx.default_map or {}
            handed = {**defaults.get(name, {}), option: ctx.params[option]}
            ctx.default_map = {**defaults, name: handed}
        elif source is ParameterSource.COMMANDLINE:
            flag = next(each.opts[0] for each in ctx.command.params if each.name == option)
            raise click.UsageError(
                f"{flag} is an option of the monitor, not of {name}; see `tsmon {name} --help`",
                ctx,
            )


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

    A shell has its background jobs ignore Ctrl-C; they still end on a signal sent to them.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)
