"""The logs verb of `tsmon serve`: the log files of the server, of a process or in a container."""

from __future__ import annotations

from collections.abc import Iterator

import click

from tsmon.cli.options import server_options
from tsmon.cli.outcome import fail
from tsmon.cli.output import emit
from tsmon.cli.target import Target, pass_target
from tsmon.docker.engine import lines as docker_lines
from tsmon.serving.container import docker_asked
from tsmon.serving.logs import LogKind, file_name, log_path, start_of_last, tail
from tsmon.serving.record import ServerRecord
from tsmon.telemetry.logs.docker import NoContainerLogs, find_folder
from tsmon.telemetry.logs.place import Container
from tsmon.telemetry.logs.tail import follow

# `docker exec` leaves its process running when the docker command is ended. This one ends with its
# standard input, which closes when tsmon does.
_FOLLOW = 'tail -n "$1" -F "$2" & cat >/dev/null; kill $!'


@click.command()
@click.argument("log", type=click.Choice([kind.value for kind in LogKind]), default="server")
@click.option("-n", "--lines", default=20, show_default=True, type=click.IntRange(0))
@click.option("-f", "--follow", "keep_on", is_flag=True, help="Go on with lines as they come.")
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
    path = log_path(target.local_server().home, kind)
    if not path.exists() and not keep_on:
        fail(f"no log at {path}", "`tsmon serve start` starts the server that writes it")
    try:
        found = follow(path, start_of_last(path, lines)) if keep_on else tail(path, lines)
        for line in found:
            emit(line)
    except OSError as error:
        fail(f"cannot read {path}: {error.strerror or error}")


def _container(target: Target) -> Container | None:
    """The container that --logs names, or that of the home folder, whether it runs or not."""
    if isinstance(target.logs, Container):
        return target.logs
    record = ServerRecord.load(target.local_server().home.record)
    return Container(record.container) if record is not None and record.container else None


def _lines_in(container: Container, kind: LogKind, lines: int, keep_on: bool) -> Iterator[str]:
    name = container.name
    if kind is LogKind.CONSOLE:
        keeping_on = ["--follow"] if keep_on else []
        return docker_lines("logs", "--tail", str(lines), *keeping_on, name)
    try:
        path = find_folder(container).path(file_name(kind))
    except NoContainerLogs as error:
        fail(str(error), f"what it printed may be there still: docker logs {name}")
    if keep_on:
        follow_it = ("sh", "-c", _FOLLOW, "sh", str(lines), path)
        return docker_lines("exec", "--interactive", name, *follow_it)
    return docker_lines("exec", name, "tail", "-n", str(lines), path)
