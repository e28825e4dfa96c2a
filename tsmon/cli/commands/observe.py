"""The observe verb: TorchServe, exporter, Prometheus and Grafana for as long as it runs."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from urllib.parse import urlsplit

import click

from tsmon.cli.console import talk
from tsmon.cli.coroutines import run_async
from tsmon.cli.digit_server import at_record, digit_server, serve_digits
from tsmon.cli.options import server_options
from tsmon.cli.outcome import Exit
from tsmon.cli.output import complain, emit, say
from tsmon.cli.own_server import DEFAULT_STORE, make_model_store
from tsmon.cli.target import Target, pass_target
from tsmon.config.schema import ServerSettings
from tsmon.docker.engine import DockerError
from tsmon.export.companions import POLL_S, Companion, ended, running, usual_or_free
from tsmon.export.compose import GRAFANA_IMAGE
from tsmon.export.files import write
from tsmon.export.grafana import DASHBOARDS, UID, grafana_files
from tsmon.export.prometheus import Plan, prometheus_files
from tsmon.export.targets import EXPORTER_PORT, ScrapeTarget, scrape_target
from tsmon.serving.errors import ServingError
from tsmon.serving.extras import require_server
from tsmon.serving.image import provide
from tsmon.serving.ports import LOOPBACK
from tsmon.torchserve.addresses import without_scheme
from tsmon.untrusted.shell import shell_line

if TYPE_CHECKING:
    from tsmon.serving.record import ServerRecord

Running: TypeAlias = tuple[Companion, subprocess.Popen[bytes]]
INTERVAL_S = 5
PROMETHEUS_PORT, GRAFANA_PORT = 9090, 3000
_READY, _HEALTH = "/-/ready", "/api/health"
NO_PROMETHEUS = (
    "no prometheus on PATH, so there are no graphs",
    "Debian and Ubuntu: apt-get install prometheus; macOS: brew install prometheus",
)


@click.command()
@click.option(
    "--model-store",
    default=DEFAULT_STORE,
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the archives; the digit model's is written to it.",
)
@server_options
@pass_target
def observe(target: Target, model_store: Path) -> int:
    """Run TorchServe with the digit model, the exporter, Prometheus and Grafana, until Ctrl-C.

    Prometheus needs to be installed, Grafana runs in a container; what is missing is left out and
    said. Everything that was started is stopped, and what was written for it is removed.
    """
    target.refuse_when_read_only()
    require_server()
    make_model_store(model_store)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tsmon-observe-")))
        try:
            server = digit_server(target.local_server(), model_store, keep=False)
            record = stack.enter_context(server)
            run_async(serve_digits(at_record(target, record), record.model_store))
            emit(f"TorchServe  {record.management}")
            home = target.own_home.path
            programs = _start_all(stack, Surroundings(record, home, folder))
            _say_what_to_do(record, home)
            _wait(programs)
        except KeyboardInterrupt:
            say("stopping all of it")
    return Exit.DONE


class Surroundings(NamedTuple):
    """What the programs find: the server, its home, a folder of this run."""

    record: ServerRecord
    home: Path
    folder: Path


def _start_all(stack: ExitStack, around: Surroundings) -> list[Running]:
    """The exporter, and Prometheus and Grafana as far as they are there."""
    programs: list[Running] = []

    def start(companion: Companion, opens: str) -> None:
        with talk.status(f"starting {companion.name}…"):
            programs.append((companion, stack.enter_context(running(companion))))
        emit(f"{companion.name:<11} {opens}")

    exporter = _exporter(around)
    start(exporter, exporter.ready)
    binary = shutil.which("prometheus")
    if binary is None:
        complain(*NO_PROMETHEUS)
        return programs
    prometheus = _prometheus(binary, around, urlsplit(exporter.ready).netloc)
    address = prometheus.ready.removesuffix(_READY)
    start(prometheus, f"{address}/alerts")
    try:
        with talk.status("asking Docker for Grafana…"):
            grafana = _grafana(around.folder, address)
        start(grafana, f"{grafana.ready.removesuffix(_HEALTH)}/d/{UID}")
    except (DockerError, ServingError) as error:
        complain(f"no Grafana: {error.message}", error.hint)
    return programs


def _exporter(around: Surroundings) -> Companion:
    record, port = around.record, str(usual_or_free(EXPORTER_PORT))
    words = [sys.executable, "-m", "tsmon", "exporter", "--port", port]
    words += ["--home", str(around.home), "--interval", str(INTERVAL_S)]
    words += ["--management-url", record.management, "--inference-url", record.inference]
    words += ["--metrics-url", record.metrics]
    ready = f"http://{LOOPBACK}:{port}/metrics"
    return Companion("exporter", words, ready, around.folder / "exporter.log")


def _prometheus(binary: str, around: Surroundings, exporter: str) -> Companion:
    """Writes what it starts with."""
    record, folder = around.record, around.folder / "prometheus"
    name = without_scheme(record.management)
    target = scrape_target(ServerSettings(url=record.management, metrics_url=record.metrics), name)
    plan = Plan(
        targets=(target,) if target is not None else (),
        exporters=(ScrapeTarget(exporter, name),),
        interval_s=INTERVAL_S,
    )
    write(folder, prometheus_files(plan), force=False)
    listen = f"{LOOPBACK}:{usual_or_free(PROMETHEUS_PORT)}"
    words = [binary, f"--config.file={folder / 'prometheus.yml'}"]
    words += [f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address={listen}"]
    return Companion("Prometheus", words, f"http://{listen}{_READY}", folder / "prometheus.log")


def _grafana(folder: Path, prometheus: str) -> Companion:
    """Writes what it starts with, and has its image here.

    Raises:
        NoEngine: Docker cannot be asked.
        ContainerError: the image cannot be pulled.
    """
    provide(GRAFANA_IMAGE, lambda _here, _layers: None)
    write(folder / "grafana", grafana_files(prometheus), force=False)
    port = usual_or_free(GRAFANA_PORT)
    variables = {
        "GF_SERVER_HTTP_ADDR": LOOPBACK,
        "GF_SERVER_HTTP_PORT": str(port),
        "GF_AUTH_ANONYMOUS_ENABLED": "true",
    }
    mounts = {"provisioning": "/etc/grafana/provisioning", "dashboards": DASHBOARDS}
    words = ["docker", "run", "--rm", "--name", f"tsmon-grafana-{port}", "--network", "host"]
    words += [word for pair in variables.items() for word in ("--env", "=".join(pair))]
    for name, inside in mounts.items():
        source = folder / "grafana" / name
        words += ["--mount", f"type=bind,source={source},target={inside},readonly"]
    ready = f"http://{LOOPBACK}:{port}{_HEALTH}"
    return Companion("Grafana", [*words, GRAFANA_IMAGE], ready, folder / "grafana.log")


def _say_what_to_do(record: ServerRecord, home: Path) -> None:
    at = ("--home", str(home), "--management-url", record.management)
    for words in (("monitor",), ("load", "mnist", "--rate", "20", "--duration", "300")):
        say(f"  {shell_line(['tsmon', *words, *at])}")
    say("ctrl+c ends all of it")


def _wait(programs: list[Running]) -> None:
    """Until ctrl+c, or until one ends by itself.

    Raises:
        ExportError: one did.
    """
    while True:
        for companion, process in programs:
            if process.poll() is not None:
                raise ended(companion, process)
        time.sleep(POLL_S)
