"""The serve verbs: start, stop, status and logs of a TorchServe on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from tsmon.cli.models import as_json
from tsmon.cli.outcome import CommandGroup, Exit, fail
from tsmon.cli.output import complain, emit, emit_json, say, talk
from tsmon.cli.target import Target, pass_target, server_options
from tsmon.serving.configuration import extra_settings
from tsmon.serving.extras import require_server
from tsmon.serving.launch import Progress
from tsmon.serving.local_server import LocalServer, ServerStatus, State
from tsmon.serving.logs import LogKind, log_path, start_of_last, tail
from tsmon.serving.plan import ServerPlan
from tsmon.serving.ports import Ports, free_ports
from tsmon.serving.record import ServerRecord
from tsmon.telemetry.logs.tail import follow

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
@as_json
@server_options
@pass_target
def start(
    target: Target,
    model_store: Path,
    ports: str,
    no_token_auth: bool,
    workers_per_model: int,
    torch_threads: int | None,
    settings: tuple[str, ...],
    as_json: bool,
) -> None:
    """Start a server on the loopback address and wait until it answers."""
    make_model_store(model_store)
    plan = ServerPlan(
        model_store=model_store,
        ports=free_ports() if ports == "free" else Ports(),
        token_auth=not no_token_auth,
        default_workers=workers_per_model,
        threads_per_worker=torch_threads,
        extra=extra_settings(settings),
    )
    record = start_with_progress(target.local_server(), plan)
    if as_json:
        emit_json(_record(record))
    else:
        emit(f"TorchServe {record.version} runs at {record.management}, pid {record.pid}")
        say(f"inference {record.inference}, metrics {record.metrics}/metrics")
        say(f"model store {record.model_store}, keys {record.key_file or 'not needed'}")


@serve.command()
@as_json
@server_options
@pass_target
def stop(target: Target, as_json: bool) -> None:
    """Stop the server and its workers."""
    record = stop_with_progress(target.local_server())
    if as_json:
        emit_json(_record(record))
    else:
        emit(f"stopped the TorchServe at {record.management}")


@serve.command()
@as_json
@server_options
@pass_target
def status(target: Target, as_json: bool) -> None:
    """Tell whether the server runs, where, and what memory it takes; exit code 1 if it does not."""
    found = target.local_server().status()
    if as_json:
        emit_json(_status_record(found))
    else:
        for line in _status_lines(found):
            emit(line)
    if found.state is not State.RUNNING:
        raise click.exceptions.Exit(Exit.FAILED)


@serve.command()
@click.argument("log", type=click.Choice([kind.value for kind in LogKind]), default="server")
@click.option("-n", "--lines", default=20, show_default=True, type=click.IntRange(0))
@click.option("-f", "--follow", "keep_on", is_flag=True, help="Go on with lines as they come.")
@server_options
@pass_target
def logs(target: Target, log: str, lines: int, keep_on: bool) -> None:
    """Print the end of a LOG: server, model (what workers print), access or console."""
    path = log_path(target.local_server().home, LogKind(log))
    if not path.exists() and not keep_on:
        complain(f"no log at {path}", "`tsmon serve start` starts the server that writes it")
        raise click.exceptions.Exit(Exit.FAILED)
    try:
        found = follow(path, start_of_last(path, lines)) if keep_on else tail(path, lines)
        for line in found:
            click.echo(line)
    except OSError as error:
        fail(f"cannot read {path}: {error.strerror or error}")


def make_model_store(folder: Path) -> None:
    """Make the folder for the archives, unless no server could use it anyway."""
    require_server()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fail(f"cannot make the model store {folder}: {error.strerror or error}")


def start_with_progress(server: LocalServer, plan: ServerPlan) -> ServerRecord:
    """Start a server, telling on stderr what is waited for."""
    with talk.status("starting TorchServe…") as spinner:

        def show(progress: Progress) -> None:
            spinner.update(f"{progress.phase}, {progress.elapsed:.0f} s")

        return server.start(plan, show)


def stop_with_progress(server: LocalServer) -> ServerRecord:
    """Stop a server, telling on stderr that it is waited for."""
    with talk.status("stopping TorchServe and its workers…"):
        return server.stop()


def _record(record: ServerRecord) -> dict[str, object]:
    return {
        "pid": record.pid,
        "inference": record.inference,
        "management": record.management,
        "metrics": record.metrics,
        "model_store": str(record.model_store),
        "key_file": str(record.key_file) if record.key_file else None,
        "version": record.version,
        "started_at": record.started_at,
    }


def _status_record(found: ServerStatus) -> dict[str, object]:
    return {
        "state": found.state.value,
        "home": str(found.home),
        "server": _record(found.server) if found.server else None,
        "uptime_seconds": found.uptime,
        "memory_bytes": found.memory,
        "worker_memory_bytes": found.worker_memory,
    }


def _status_lines(found: ServerStatus) -> list[str]:
    facts = [("state", found.state.value), ("home", str(found.home))]
    if found.server is not None:
        facts += [
            ("inference", found.server.inference),
            ("management", found.server.management),
            ("metrics", found.server.metrics),
            ("models", str(found.server.model_store)),
            ("keys", str(found.server.key_file or "not needed")),
        ]
    if found.uptime is not None and found.server is not None:
        facts += [
            ("pid", f"{found.server.pid}, up {found.uptime / 60:.0f} min"),
            ("memory", f"{found.memory / 1e6:.0f} MB"),
            ("workers", _worker_memory(found)),
        ]
    return [f"{name:<11}{value}" for name, value in facts]


def _worker_memory(found: ServerStatus) -> str:
    total = sum(found.worker_memory.values())
    return f"{len(found.worker_memory)} processes, {total / 1e6:.0f} MB"
