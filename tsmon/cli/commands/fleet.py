"""The fleet verb: all servers of the configuration at once, as a screen or as a table."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.given_options import given
from tsmon.cli.group import go_on_with
from tsmon.cli.options import as_json, server_options
from tsmon.cli.outcome import Exit, fail
from tsmon.cli.output import complain, emit_json, emit_json_line
from tsmon.cli.project_trust import require_trust
from tsmon.cli.reports.fleet import fleet_record, print_fleet
from tsmon.cli.target import Target, pass_target
from tsmon.config.files import user_file
from tsmon.config.schema import Config, FleetSettings
from tsmon.fleet.fleet import Fleet
from tsmon.fleet.grouping import MODEL, grouped, narrowed
from tsmon.torchserve.errors import InvalidArgument

if TYPE_CHECKING:
    from tsmon.cli.monitor_screen import GivenSettings, Left
    from tsmon.fleet.snapshot import FleetSnapshot

_DEFAULTS = FleetSettings()
NO_SERVERS = "the configuration has no servers"


@click.command()
@click.option(
    "--once", is_flag=True, help="Print one table as soon as every server has answered or failed."
)
@click.option("--watch", is_flag=True, help="Print a table every period.")
@click.option(
    "--filter",
    "words",
    metavar="WORDS",
    default="",
    help="Only what has these words, such as cluster=a; !WORDS for the others, ~REGEX.",
)
@click.option(
    "--by",
    metavar="LABEL",
    default="",
    help="A row for each cluster, namespace, job, other label or model, with its servers below.",
)
@click.option("--count", type=click.IntRange(1), help="End --watch after this many tables.")
@click.option(
    "--prometheus", metavar="URL", help="Include the servers that this Prometheus scrapes."
)
@click.option("--job", help="With --prometheus: the job that scrapes TorchServe.")
@click.option(
    "--file-sd",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Include the servers of a Prometheus file_sd file; quote a pattern.",
)
@click.option(
    "--period",
    type=click.FloatRange(0.5),
    help=f"Seconds between two samples of a server. [default: {_DEFAULTS.period:g}]",
)
@as_json
@server_options
@pass_target
@click.pass_context
def fleet(
    ctx: click.Context,
    target: Target,
    /,
    once: bool,
    watch: bool,
    count: int | None,
    as_json: bool,
    words: str,
    by: str,
    **settings: Any,
) -> int:
    """Show all servers of the configuration: workers, requests, times, errors, verdicts.

    Opens the monitor where there is a terminal. With --once, --watch or --json, or into a pipe, it
    prints; --watch --json prints a line per table. Ends with 3 where no server answers.
    """
    asks_for_text = any((once, watch, as_json, count is not None, words, by))
    from tsmon.tui.state.filters import parse_filter

    passes = parse_filter(words)
    if passes.problem:
        raise click.UsageError(f"--filter is {passes.problem}")
    opens = not asks_for_text and sys.stdin.isatty() and sys.stdout.isatty()
    require_trust(ctx, target, ask=opens, fleet=True)
    target.show_pods_in_fleet()
    config = _config(target, settings)
    target.loaded = replace(target.loaded, config=config)
    if opens:
        left = _open(target, given(ctx, "fleet"))
        return go_on_with(ctx, "demo") if left.wants_demo else left.code
    made = Fleet(config, target.own_server, transport=target.transport, read_only=target.read_only)
    if made.is_empty:
        hint = f"add [servers.NAME] tables to {user_file()}; `tsmon config init` explains how"
        fail(NO_SERVERS, hint, Exit.USAGE)
    shown = partial(_shown, passes=passes.passes, by=by)
    return _print(made, shown, count if watch or count else 1, as_json, watch)


def _config(target: Target, settings: dict[str, Any]) -> Config:
    """The configuration with what the options of this command add."""
    config = target.loaded.config
    given = {name: value for name, value in settings.items() if value}
    fleet = target.fleet_settings(given.pop("prometheus", ""))
    return replace(config, fleet=replace(fleet, **given))


def _open(target: Target, given: GivenSettings) -> Left:
    """The monitor on the first server, the fleet above it."""
    from tsmon.cli.monitor_screen import open_monitor

    config = target.loaded.config
    if not target.server and config.servers:
        target.server = next(iter(config.servers))
    return open_monitor(target, config.monitor, fleet=True, given=given)


@runs_async
async def _print(
    fleet: Fleet,
    shown: Callable[[FleetSnapshot], FleetSnapshot],
    count: int | None,
    as_json: bool,
    lines: bool,
) -> int:
    reported: set[str] = set()
    refused: list[InvalidArgument] = []
    printed, due = 0, 0.0

    def publish(snapshot: FleetSnapshot) -> bool:
        nonlocal printed, due
        now = snapshot.at.monotonic
        if not fleet.is_settled or now < due:
            return True
        due = now + fleet.config.fleet.period
        for problem in snapshot.problems:
            if problem not in reported:
                reported.add(problem)
                complain(problem)
        try:
            wanted = shown(snapshot)
        except InvalidArgument as error:
            refused.append(error)
            return False
        _emit(wanted, as_json=as_json, one_line=lines)
        printed += 1
        return printed != count

    try:
        await fleet.run(publish)
        for error in refused:
            raise error
        return Exit.DONE if fleet.snapshot.up else Exit.UNREACHABLE
    finally:
        await fleet.close()


def _shown(snapshot: FleetSnapshot, passes: Callable[[str], bool], by: str) -> FleetSnapshot:
    """What of a snapshot was asked for.

    Raises:
        InvalidArgument: nothing has that label.
    """
    kept = narrowed(snapshot, passes)
    if not by:
        return kept
    ways = {MODEL, *(name for row in snapshot.servers for name in row.target.labels)}
    if by not in ways:
        raise InvalidArgument(
            f"no server has the label {by!r}", f"there are {', '.join(sorted(ways))}"
        )
    return grouped(kept, by)


def _emit(snapshot: FleetSnapshot, *, as_json: bool, one_line: bool) -> None:
    if not as_json:
        print_fleet(snapshot)
    elif one_line:
        emit_json_line(fleet_record(snapshot))
    else:
        emit_json(fleet_record(snapshot))
