"""The logs verb of `tsmon serve`: the log files of the server, of a process or in a container."""

from __future__ import annotations

from collections.abc import Iterator

import click

from tsmon.cli.options import server_options
from tsmon.cli.outcome import fail
from tsmon.cli.output import emit
from tsmon.cli.target import Target, pass_target
from tsmon.docker.engine import output_lines as docker_lines
from tsmon.logs.containers import NoContainerLogs, find_folder
from tsmon.logs.follower import follow
from tsmon.logs.last_lines import last_lines, start_of_last
from tsmon.logs.places import Container
from tsmon.serving.container import docker_asked
from tsmon.serving.home import LogKind, file_name, log_path
from tsmon.serving.record import ServerRecord


@click.command()
@click.argument("log", type=click.Choice([kind.value for kind in LogKind]), default="server")
@click.option("-n", "--lines", default=20, show_default=True, type=click.IntRange(0))
@click.option(
    "-f", "--follow", "keep_on", is_flag=True, help="Follow: print new lines as they come."
)
@server_options
@pass_target
def logs(target: Target, log: str, lines: int, keep_on: bool) -> None:
    """Print the end of a LOG: server, model (what workers print), access or console."""
    kind = LogKind(log)
    container = _container(target)
    if container is not None:
        with docker_asked():
            for line in _lines_in(container, kind, lines, keep_on):
                emit(line)
        return
    path = log_path(target.own_home, kind)
    if not path.exists() and not keep_on:
        fail(f"no log at {path}", "start the server that writes it: `tsmon serve start`")
    try:
        found = follow(path, start_of_last(path, lines)) if keep_on else last_lines(path, lines)
        for line in found:
            emit(line)
    except OSError as error:
        fail(f"cannot read {path}: {error.strerror or error}")


def _container(target: Target) -> Container | None:
    """The container that --logs names, or that of the home folder, whether it runs or not."""
    if isinstance(target.logs, Container):
        return target.logs
    record = ServerRecord.load(target.own_home.record)
    return Container(record.container) if record is not None and record.container else None


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
