"""The serve verbs: a TorchServe on this machine, as a process or in a container."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tsmon.cli.models import as_json
from tsmon.cli.outcome import CommandGroup, Exit, fail
from tsmon.cli.output import emit, emit_json
from tsmon.cli.serve_container import (
    container_asked,
    container_options,
    resume,
    shell,
    start_container,
    stop_container,
)
from tsmon.cli.serve_logs import logs
from tsmon.cli.serve_report import started, status_lines, status_record, stopped
from tsmon.cli.starting import start_with_progress, stop_with_progress
from tsmon.cli.target import Target, pass_target, server_options
from tsmon.serving.configuration import extra_settings
from tsmon.serving.extras import require_server
from tsmon.serving.local_server import State
from tsmon.serving.plan import ServerPlan
from tsmon.serving.ports import Ports, free_ports

DEFAULT_STORE = Path("artifacts")


@click.group(cls=CommandGroup)
def serve() -> None:
    """Run a TorchServe on this machine."""


@serve.command()
@click.option(
    "--model-store",
    default=DEFAULT_STORE,
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder with the archives; made when it is not there.",
)
@click.option(
    "--ports",
    type=click.Choice(["default", "free"]),
    default="default",
    show_default=True,
    help="8080 to 8082 and 7070 to 7071, or any that are free.",
)
@click.option("--no-token-auth", is_flag=True, help="Serve without tokens.")
@click.option(
    "--workers-per-model",
    default=1,
    show_default=True,
    type=click.IntRange(0),
    help="Workers of a model loaded at the start.",
)
@click.option(
    "--torch-threads",
    type=click.IntRange(0),
    help="CPU threads of each worker; 0 lets torch take every core. [default: 1]",
)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Any other setting.")
@container_options
@as_json
@server_options
@pass_target
def start(
    target: Target,
    /,
    model_store: Path,
    ports: str,
    no_token_auth: bool,
    workers_per_model: int,
    torch_threads: int | None,
    settings: tuple[str, ...],
    as_json: bool,
    **container: Any,
) -> None:
    """Start a server on the loopback address and wait until it answers."""
    target.refuse_when_read_only()
    asked = container_asked(**container)
    if asked is None:
        require_server()
    make_model_store(model_store)
    plan = ServerPlan(
        model_store=model_store,
        ports=free_ports() if ports == "free" else Ports(),
        token_auth=not no_token_auth,
        default_workers=workers_per_model,
        threads_per_worker=torch_threads,
        extra=extra_settings(settings),
    )
    if asked is None:
        record = start_with_progress(target.local_server(), plan)
    else:
        record = start_container(target, plan, asked)
    started(record, as_json)


@serve.command()
@click.option("--name", help="A container by its name, whoever made it.")
@as_json
@server_options
@pass_target
def stop(target: Target, name: str | None, as_json: bool) -> None:
    """Stop the server and its workers; a container stays, stopped."""
    if name is None:
        stopped(stop_with_progress(target.local_server()), as_json)
    else:
        stop_container(target, name, as_json)


@serve.command()
@as_json
@server_options
@pass_target
def status(target: Target, as_json: bool) -> None:
    """Tell whether the server runs, where, and what memory it takes; exit code 1 if it does not."""
    found = target.local_server().status()
    if as_json:
        emit_json(status_record(found))
    else:
        for line in status_lines(found):
            emit(line)
    if found.state is not State.RUNNING:
        raise click.exceptions.Exit(Exit.FAILED)


for command in (resume, shell, logs):
    serve.add_command(command)


def make_model_store(folder: Path) -> None:
    """Make the folder for the archives."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fail(f"cannot make the model store {folder}: {error.strerror or error}")
