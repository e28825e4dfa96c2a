"""The command that starts a TorchServe on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tsmon.cli.options import as_json, server_options
from tsmon.cli.own_server import (
    DEFAULT_STORE,
    make_model_store,
    progress_shown,
    start_with_progress,
)
from tsmon.cli.reports.server import started
from tsmon.cli.target import Target, pass_target
from tsmon.serving.configuration import extra_settings
from tsmon.serving.container import DEFAULT_NAME, ContainerPlan, Share
from tsmon.serving.extras import require_server
from tsmon.serving.image import DEFAULT_IMAGE
from tsmon.serving.plan import ServerPlan
from tsmon.serving.ports import Ports, free_ports
from tsmon.untrusted.files import expand_home

if TYPE_CHECKING:
    from tsmon.serving.record import ServerRecord


def _share(text: str) -> Share:
    """Read FOLDER:PATH or FOLDER:PATH:ro.

    Raises:
        click.BadParameter: it is neither.
    """
    folder, _, rest = text.partition(":")
    inside, _, mode = rest.partition(":")
    if not folder or not inside.startswith("/") or mode not in {"", "ro"}:
        raise click.BadParameter(f"{text}: use FOLDER:/PATH/IN/IT or FOLDER:/PATH/IN/IT:ro")
    return Share(expand_home(folder).resolve(), inside, mode == "ro")


@click.command()
@click.option(
    "--model-store",
    default=DEFAULT_STORE,
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the archives; created if missing.",
)
@click.option(
    "--ports",
    type=click.Choice(["default", "free"]),
    default="default",
    show_default=True,
    help="Default ports (8080-8082, 7070-7071), or any free ones.",
)
@click.option("--no-token-auth", is_flag=True, help="Run the server without tokens.")
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
    help="Torch CPU threads per worker; 0 lets torch use every core. [default: 1]",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Any other config.properties setting.",
)
@click.option("--docker", is_flag=True, help="Run in a Docker container, without tokens.")
@click.option("--image", help=f"With --docker: its image. [default: {DEFAULT_IMAGE}]")
@click.option("--name", help=f"With --docker: its name. [default: {DEFAULT_NAME}]")
@click.option(
    "--mount",
    "shares",
    multiple=True,
    type=_share,
    metavar="FOLDER:PATH[:ro]",
    help="With --docker: a folder of this machine to mount at PATH.",
)
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
    asked = _container_asked(**container)
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
        record = _start_container(target, plan, asked)
    started(record, as_json)


def _container_asked(
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


def _start_container(target: Target, plan: ServerPlan, container: ContainerPlan) -> ServerRecord:
    """Make a container and wait until it answers, with progress on stderr."""
    with progress_shown("querying Docker…", may_take_long=True) as show:
        return target.container_server().start(plan, container, show)
