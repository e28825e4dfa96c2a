"""The command that opens a shell in the container of a server."""

from __future__ import annotations

import os
import sys

import click

from tsmon.cli.options import own_server_options
from tsmon.cli.outcome import Exit, fail
from tsmon.cli.target import Target, pass_target
from tsmon.docker.containers import find_container
from tsmon.serving.container import DEFAULT_NAME, docker_asked
from tsmon.serving.errors import ContainerError


@click.command()
@click.option("--name", help=f"Name of the container. [default: the one started, {DEFAULT_NAME}]")
@own_server_options
@pass_target
def shell(target: Target, name: str | None) -> None:
    """Open a shell in the container."""
    target.refuse_when_read_only()  # a shell can change anything
    own = target.own_server()
    name = name or (own.container if own is not None else "") or DEFAULT_NAME
    with docker_asked():
        found = find_container(name)
    if found is None:
        raise ContainerError(
            f"No container {name} exists", "`tsmon serve start --docker` creates one"
        )
    if not found.running:
        raise ContainerError(
            f"The container {name} is not running",
            f"Start it again: tsmon serve resume --name {name}",
        )
    terminal = ["--tty"] if sys.stdin.isatty() and sys.stdout.isatty() else []
    command = ["docker", "exec", "--interactive", *terminal, name, "/bin/bash"]
    sys.stdout.flush()
    try:
        os.execvp(command[0], command)  # noqa: S606 (the shell has this terminal to itself)
    except OSError as error:
        fail(f"docker cannot be started: {error.strerror or error}", code=Exit.FAILED)
