"""The digit model under `tsmon serve` beside the same archive under a plain `torchserve --start`.

``python -m benchmarks.serving`` starts both on free loopback ports and loads them in turn with wrk,
several rounds, so that what else the machine does falls on both. It prints the medians.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from model.arguments import count, positive
from tsmon.serving.archive import (
    DIGIT_BATCH_DELAY_MS,
    DIGIT_BATCH_SIZE,
    build_archive,
    digit_archive_spec,
)
from tsmon.serving.assets import digit_assets
from tsmon.serving.java import find_java
from tsmon.serving.local_server import LocalServer
from tsmon.serving.plan import ServerPlan
from tsmon.serving.ports import LOOPBACK, Ports, free_ports

LUA = Path(__file__).with_name("serving.lua")
START_SECONDS = 120.0
STOP_SECONDS = 20.0
WARM_UP_SECONDS = 3.0
REQUEST_SECONDS = 30
"""A request that takes longer counts as failed."""


@dataclass(frozen=True)
class Target:
    """A server under load; *key* is its inference token, if it asks for one."""

    name: str
    inference: str
    key: str | None = None


@dataclass(frozen=True)
class Load:
    """What wrk saw: requests answered and failed, their time in seconds, p95 in milliseconds."""

    answered: int
    failed: int
    seconds: float
    p95: float

    @property
    def rate(self) -> float:
        """Requests answered a second."""
        return self.answered / self.seconds


@dataclass(frozen=True)
class Row:
    """Medians over the rounds at one number of connections; rates a second, p95 in ms."""

    connections: int
    plain_rate: float
    served_rate: float
    plain_p95: float
    served_p95: float
    failed: int

    @property
    def ratio(self) -> float:
        """How many times as many requests a second the server of tsmon answers."""
        return self.served_rate / self.plain_rate if self.plain_rate else float("inf")


@contextmanager
def served(folder: Path, archive: Path, batch_size: int) -> Iterator[Target]:
    """The model under `tsmon serve` with its defaults, registered as `tsmon demo` does it."""
    server = LocalServer(folder / "home")
    record = server.start(ServerPlan(model_store=archive.parent, ports=free_ports()))
    try:
        keys = json.loads(server.home.key_file.read_text())
        response = httpx.post(
            f"{record.management}/models",
            params={
                "url": archive.name,
                "batch_size": batch_size,
                "max_batch_delay": DIGIT_BATCH_DELAY_MS,
                "initial_workers": 1,
                "synchronous": True,
            },
            headers={"Authorization": f"Bearer {keys['management']['key']}"},
            timeout=START_SECONDS,
        )
        response.raise_for_status()
        yield Target("tsmon serve", record.inference, keys["inference"]["key"])
    finally:
        server.stop()


@contextmanager
def plain(folder: Path, archive: Path, workers: int | None) -> Iterator[Target]:
    """The model under `torchserve --start`; None leaves the number of workers to TorchServe."""
    folder.mkdir()
    ports = free_ports()
    (folder / "config.properties").write_text(_plain_settings(ports, archive, workers))
    command = [sys.executable, "-m", "ts.model_server", "--start", "--foreground", "--ncs"]
    command += ["--ts-config", "config.properties", "--model-store", str(archive.parent)]
    environment = os.environ | {
        "JAVA_HOME": str(find_java().home),
        "TEMP": str(folder),
        "TMPDIR": str(folder),
    }
    with (folder / "console").open("wb") as console:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a process group of its own, to be stopped as one
        )
    try:
        target = Target("torchserve --start", f"http://{LOOPBACK}:{ports.inference}")
        _wait_until_ready(process, target, folder / "console")
        yield target
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _plain_settings(ports: Ports, archive: Path, workers: int | None) -> str:
    settings = {
        "inference_address": f"http://{LOOPBACK}:{ports.inference}",
        "management_address": f"http://{LOOPBACK}:{ports.management}",
        "metrics_address": f"http://{LOOPBACK}:{ports.metrics}",
        "grpc_inference_port": ports.grpc_inference,
        "grpc_management_port": ports.grpc_management,
        "disable_token_authorization": "true",
        "load_models": f"mnist={archive.name}",
    }
    if workers is not None:
        settings["default_workers_per_model"] = workers
    return "".join(f"{key}={value}\n" for key, value in settings.items())


def _wait_until_ready(process: subprocess.Popen[bytes], target: Target, console: Path) -> None:
    """TorchServe opens its ports once the workers of the models of its start have loaded."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(f"{target.inference}/ping", trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    sys.exit(f"error: torchserve did not start:\n{console.read_text()[-2000:]}")


def load(target: Target, connections: int, seconds: float) -> Load:
    """Keep *connections* busy with the sample pictures for so long."""
    command = ["wrk", "--threads=1", f"--connections={connections}", f"--duration={seconds:g}s"]
    command += [f"--timeout={REQUEST_SECONDS}s", f"--script={LUA}"]
    environment = os.environ | {"PICTURES": str(digit_assets().samples)}
    if target.key:
        environment["KEY"] = target.key
    result = subprocess.run(
        [*command, f"{target.inference}/predictions/mnist"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    _drain(target)
    return Load(**json.loads(result.stdout.splitlines()[-1]))


def _drain(target: Target) -> None:
    """Wait for an answer: wrk leaves requests behind, and the next load would wait for them."""
    httpx.put(
        f"{target.inference}/predictions/mnist",
        content=next(digit_assets().samples.glob("*.png")).read_bytes(),
        headers={"Authorization": f"Bearer {target.key}"} if target.key else {},
        timeout=START_SECONDS,
        trust_env=False,
    ).raise_for_status()


def compare(
    plain_server: Target,
    served_server: Target,
    connections: Sequence[int],
    rounds: int,
    seconds: float,
) -> list[Row]:
    """Load both in turn; the medians for each number of connections."""
    both = (plain_server, served_server)
    for target in both:
        load(target, max(connections), WARM_UP_SECONDS)
    loads: dict[tuple[str, int], list[Load]] = defaultdict(list)
    for _ in range(rounds):
        for number in connections:
            for target in both:
                loads[target.name, number].append(load(target, number, seconds))
    return [
        _row(number, loads[plain_server.name, number], loads[served_server.name, number])
        for number in connections
    ]


def _row(connections: int, plain_loads: list[Load], served_loads: list[Load]) -> Row:
    return Row(
        connections,
        plain_rate=statistics.median(each.rate for each in plain_loads),
        served_rate=statistics.median(each.rate for each in served_loads),
        plain_p95=statistics.median(each.p95 for each in plain_loads),
        served_p95=statistics.median(each.p95 for each in served_loads),
        failed=sum(each.failed for each in (*plain_loads, *served_loads)),
    )


def show(rows: list[Row]) -> None:
    """Print the rows as a table."""
    table = Table(title="requests a second and p95 in milliseconds, torchserve and tsmon serve")
    for heading in (
        "connections",
        "plain/s",
        "tsmon/s",
        "ratio",
        "plain p95",
        "tsmon p95",
        "failed",
    ):
        table.add_column(heading, justify="right")
    for row in rows:
        rates = (f"{row.plain_rate:.0f}", f"{row.served_rate:.0f}", f"{row.ratio:.1f}")
        p95s = (f"{row.plain_p95:.1f}", f"{row.served_p95:.1f}")
        table.add_row(str(row.connections), *rates, *p95s, str(row.failed))
    Console().print(table)


def main() -> int:
    """The command; returns its exit code."""
    options = _parser().parse_args()
    if shutil.which("wrk") is None:
        sys.exit("error: wrk is not installed; on Debian: apt install wrk")
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):  # each server shall have its own default
        os.environ.pop(name, None)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="serving-")))
        archive = build_archive(digit_archive_spec(folder / "store"))
        plain_server = stack.enter_context(plain(folder / "plain", archive, options.plain_workers))
        served_server = stack.enter_context(served(folder, archive, options.batch_size))
        connections, rounds = options.connections, options.rounds
        rows = compare(plain_server, served_server, connections, rounds, options.seconds)
    if options.json:
        print(json.dumps([{**asdict(row), "ratio": row.ratio} for row in rows], indent=2))
    else:
        show(rows)
    return 0


def _counts(text: str) -> list[int]:
    return [count(part) for part in text.split(",")]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks.serving", description=__doc__)
    add = parser.add_argument
    add("--connections", type=_counts, default=[1, 10, 50], help="default: 1,10,50")
    add("--rounds", type=count, default=3, help="default: %(default)s")
    add("--seconds", type=positive, default=5.0, help="of each load; default: %(default)s")
    add(
        "--plain-workers",
        type=count,
        help="workers of the plain server; default: TorchServe's, one for each core",
    )
    add(
        "--batch-size",
        type=count,
        default=DIGIT_BATCH_SIZE,
        help="of the model under tsmon serve; default: %(default)s, as `tsmon demo` has it",
    )
    add("--json", action="store_true", help="print the figures as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
