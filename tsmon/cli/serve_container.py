"""A TorchServe in a Docker container: the options of `tsmon serve start`, resume and shell."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tsmon.cli.models import as_json
from tsmon.cli.outcome import Exit, fail
from tsmon.cli.output import emit, emit_json, say, talk
from tsmon.cli.serve_report import container_stays, started
from tsmon.cli.starting import progress_shown
from tsmon.cli.target import Target, pass_target, server_options
from tsmon.docker.containers import find_container
from tsmon.serving.container import DEFAULT_NAME, ContainerPlan, Share, docker_asked
from tsmon.serving.errors import ContainerError
from tsmon.serving.image import DEFAULT_IMAGE
from tsmon.serving.plan import START_SECONDS, ServerPlan

if TYPE_CHECKING:
    from tsmon.serving.record import ServerRecord

F = TypeVar("F", bound=Callable[..., Any])

name_option = click.option(
    "--name", default=DEFAULT_NAME, show_default=True, help="Name of the container."
)


def share(text: str) -> Share:
    """Read FOLDER:PATH or FOLDER:PATH:ro.

    Raises:
        click.BadParameter: it is neither.
    """
    folder, _, rest = text.partition(":")
    inside, _, mode = rest.partition(":")
    if not folder or not inside.startswith("/") or mode not in {"", "ro"}:
        raise click.BadParameter(f"{text}: say FOLDER:/PATH/IN/IT or FOLDER:/PATH/IN/IT:ro")
    return Share(Path(folder).expanduser().resolve(), inside, mode == "ro")


_OPTIONS = (
    click.option("--docker", is_flag=True, help="In a Docker container, without tokens."),
    click.option("--image", help=f"With --docker: its image. [default: {DEFAULT_IMAGE}]"),
    click.option("--name", help=f"With --docker: its name. [default: {DEFAULT_NAME}]"),
    click.option(
        "--mount",
        "shares",
        multiple=True,
        type=share,
        metavar="FOLDER:PATH[:ro]",
        help="With --docker: a folder of this machine that it sees at PATH.",
    ),
)


def container_options(command: F) -> F:
    """The options that ask for a container."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def container_asked(
    docker: bool, name: str | None, image: str | None, shares: tuple[Share, ...]
) -> ContainerPlan | None:
    """The container that the options ask for; None where they ask for a process.

    Raises:
        click.UsageError: an option goes with --docker, which is not given.
    """
    if docker:
        return ContainerPlan(name=name or DEFAULT_NAME, image=image or DEFAULT_IMAGE, shares=shares)
    if name or image or shares:
        raise click.UsageError("--name, --image and --mount go with --docker")
    return None


def start_container(target: Target, plan: ServerPlan, container: ContainerPlan) -> ServerRecord:
    """Make a container and wait until it answers, telling on stderr how far that is."""
    with progress_shown("asking Docker…", may_take_long=True) as show:
        return target.container_server().start(plan, container, show)


def stop_container(target: Target, name: str, as_json: bool) -> None:
    """Stop a container, telling on stderr that it is waited for."""
    with talk.status(f"stopping TorchServe and the container {name}…"):
        stopped = target.container_server().stop(name)
    if as_json:
        emit_json({"container": name})
        return
    emit(f"stopped the container {name}")
    if not stopped.passing:
        say(container_stays(name))


@click.command()
@name_option
@as_json
@server_options
@pass_target
def resume(target: Target, name: str, as_json: bool) -> None:
    """Start a stopped container again and wait until it answers.

    It keeps its settings and its logs, and forgets registered models. One that runs is taken as it
    is, for the other commands to find.
    """
    with progress_shown("asking Docker…", may_take_long=True) as show:
        record = target.container_server().resume(name, START_SECONDS, show)
    started(record, as_json)


@click.command()
@click.option("--name", help=f"Name of the container. [default: the one started, {DEFAULT_NAME}]")
@server_options
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
            f"There is no container {name}", "`tsmon serve start --docker` makes one"
        )
    if not found.running:
        raise ContainerError(
            f"The container {name} does not run",
            f"Start it again: tsmon serve resume --name {name}",
        )
    terminal = ["--tty"] if sys.stdin.isatty() and sys.stdout.isatty() else []
    command = ["docker", "exec", "--interactive", *terminal, name, "/bin/bash"]
    sys.stdout.flush()
    try:
        os.execvp(command[0], command)  # noqa: S606 (the shell has this terminal to itself)
    except OSError as error:
        fail(f"docker cannot be started: {error.strerror or error}", code=Exit.FAILED)
