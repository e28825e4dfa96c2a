"""The logs verb of `tsmon serve`: the log files of the server, of a process or in a container."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from tsmon.cli.options import server_options
from tsmon.cli.outcome import fail
from tsmon.cli.output import emit
from tsmon.cli.target import Target, pass_target
from tsmon.docker.engine import output_lines as docker_lines
from tsmon.logs.containers import NoContainerLogs, find_folder
from tsmon.logs.discovery import find_logs
from tsmon.logs.follower import follow
from tsmon.logs.last_lines import last_lines, start_of_last
from tsmon.logs.places import Container, LogPlace
from tsmon.serving.container import docker_asked
from tsmon.serving.home import Home, LogKind, file_name, log_path
from tsmon.serving.record import ServerRecord
from tsmon.torchserve.addresses import Addresses, same_listener


@click.command()
@click.argument("log", type=click.Choice([kind.value for kind in LogKind]), default="server")
@click.option("-n", "--lines", default=20, show_default=True, type=click.IntRange(0))
@click.option(
    "-f", "--follow", "keep_on", is_flag=True, help="Follow: print new lines as they come."
)
@click.option("--name", help="Name of the server, where it has one.")
@server_options
@pass_target
def logs(target: Target, log: str, lines: int, keep_on: bool, name: str | None) -> None:
    """Print the end of a LOG: server, model (what workers print), access or console.

    It is a log of the server that the options name, else of the one that tsmon starts.
    """
    kind = LogKind(log)
    place = _place(target, kind, name)
    if isinstance(place, Container):
        with docker_asked():
            for line in _lines_in(place, kind, lines, keep_on):
                emit(line)
        return
    path = log_path(place, kind) if isinstance(place, Home) else _log_in(place, kind)
    if not path.exists() and not keep_on:
        hint = "start the server that writes it: `tsmon serve start`"
        fail(f"no log at {path}", hint if isinstance(place, Home) else "")
    try:
        found = follow(path, start_of_last(path, lines)) if keep_on else last_lines(path, lines)
        for line in found:
            emit(line)
    except OSError as error:
        fail(f"cannot read {path}: {error.strerror or error}")


def _place(target: Target, kind: LogKind, name: str | None) -> Home | LogPlace:
    """Where the logs of the server that is meant are, whether it runs or not."""
    if target.logs is not None:
        return target.logs
    home = target.home_for(name, container=True)
    record = ServerRecord.load(home.record)
    if target.names_server and not target.server_by_file:
        addresses = target.addresses()
        if record is None or not same_listener(record.management, addresses.management):
            return _place_of_other(target, addresses)
    if record is None or not record.container:
        return home
    # Mounted logs can be read whether the container runs or not.
    mounted = home.container_logs(record.container)
    is_here = kind is not LogKind.CONSOLE and (mounted / file_name(kind)).is_file()
    return mounted if is_here else Container(record.container)


def _place_of_other(target: Target, addresses: Addresses) -> LogPlace:
    place = target.log_place or (find_logs(addresses.management) if addresses.is_local else None)
    if place is None:
        hint = "pass their folder with --logs DIR, or a container with --logs docker:CONTAINER"
        fail(f"it is not known where {addresses.label} logs", hint)
    return place


def _log_in(folder: Path, kind: LogKind) -> Path:
    if kind is LogKind.CONSOLE:
        fail("only a server that tsmon started has a console log")
    return folder / file_name(kind)


def _lines_in(container: Container, kind: LogKind, lines: int, keep_on: bool) -> Iterator[str]:
    name = container.name
    if kind is LogKind.CONSOLE:
        keeping_on = ["--follow"] if keep_on else []
        return docker_lines("logs", "--tail", str(lines), *keeping_on, name)
    try:
        folder = find_folder(container)
    except NoContainerLogs as error:
        fail(str(error), f"its output may still be there: docker logs {name}")
    file = file_name(kind)
    if keep_on:
        return docker_lines(*folder.follow(file, "-n", str(lines))[1:])
    return docker_lines(*folder.command("tail", "-n", str(lines), folder.path(file))[1:])
