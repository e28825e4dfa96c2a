"""The command that starts a TorchServe on this machine."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tsmon.cli.options import as_json, own_server_options
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
from tsmon.serving.plan import METRICS_MODES, ServerPlan
from tsmon.serving.ports import LOOPBACK, Ports, is_free, parse_ports
from tsmon.untrusted.files import expand_home

if TYPE_CHECKING:
    from tsmon.serving.container_server import ContainerServer
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


def _ip_address(_ctx: click.Context, _parameter: click.Parameter, text: str) -> str:
    try:
        return str(ip_address(text.strip("[]")))
    except ValueError:
        raise click.BadParameter(f"{text}: use an IP address, such as 0.0.0.0") from None


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
    metavar="default|free|PORT[,PORT...]",
    help="Default ports (8080-8082, 7070-7071), any free ones, the inference port, or all of them. "
    "[default: default; for a server with a name free ones where those are taken]",
)
@click.option(
    "--bind",
    default=LOOPBACK,
    show_default=True,
    metavar="ADDRESS",
    callback=_ip_address,
    help="IP address to listen on; 0.0.0.0 is all interfaces, and needs tokens.",
)
@click.option(
    "--metrics-mode",
    type=click.Choice(METRICS_MODES),
    default="prometheus",
    show_default=True,
    help="Where TorchServe writes its metrics.",
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
@click.option(
    "--name",
    help="Name of the server; one with a name can run beside others. "
    f"[default with --docker: {DEFAULT_NAME}]",
)
@click.option(
    "--mount",
    "shares",
    multiple=True,
    type=_share,
    metavar="FOLDER:PATH[:ro]",
    help="With --docker: a folder of this machine to mount at PATH.",
)
@as_json
@own_server_options
@pass_target
def start(
    target: Target,
    /,
    model_store: Path,
    ports: str | None,
    bind: str,
    metrics_mode: str,
    name: str | None,
    no_token_auth: bool,
    workers_per_model: int,
    torch_threads: int | None,
    settings: tuple[str, ...],
    as_json: bool,
    **container: Any,
) -> None:
    """Start a server, by default on the loopback address, and wait until it answers."""
    target.refuse_when_read_only()
    asked = _container_asked(name=name, **container)
    if asked is None:
        require_server()
    elif bind != LOOPBACK:
        raise click.UsageError("a container has no tokens, so it listens on the loopback address")
    home = target.home_for(name, container=asked is not None)
    make_model_store(model_store)
    plan = ServerPlan(
        model_store=model_store,
        ports=_ports(ports, may_differ=name not in {None, DEFAULT_NAME}),
        address=bind,
        metrics_mode=metrics_mode,
        token_auth=not no_token_auth,
        default_workers=workers_per_model,
        threads_per_worker=torch_threads,
        extra=extra_settings(settings),
    )
    if asked is None:
        record = start_with_progress(target.local_server(home), plan)
    else:
        record = _start_container(target.container_server(home), plan, asked)
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
    if image or shares:
        raise click.UsageError("--image and --mount go with --docker")
    return None


def _ports(asked: str | None, *, may_differ: bool) -> Ports:
    """Those that were asked for, else the default ones, else free ones where these are taken."""
    if asked is not None:
        return parse_ports(asked)
    ports = Ports()
    taken = not all(map(is_free, ports.bound))
    return parse_ports("free") if may_differ and taken else ports


def _start_container(
    server: ContainerServer, plan: ServerPlan, container: ContainerPlan
) -> ServerRecord:
    """Make a container and wait until it answers, with progress on stderr."""
    with progress_shown("querying Docker…", may_take_long=True) as show:
        return server.start(plan, container, show)
