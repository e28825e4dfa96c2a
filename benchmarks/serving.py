"""The digit model under `tsmon serve`, under a plain `torchserve --start`, and without a server.

``python -m benchmarks.serving`` starts both on free loopback ports and loads them in turn with wrk,
several rounds, so that what else the machine does falls on both. In each round a process without a
server computes the same digits. It prints the medians.
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
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import httpx
import psutil

from benchmarks.table import print_table
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
HANDLER = ("prepare", "network", "answer")
"""The parts of a worker's time that are the handler's."""

Alone = dict[int, dict[str, float]]
"""What `handler_alone` prints: milliseconds for a digit, by the size of a batch and its part."""


@dataclass(frozen=True)
class Setting:
    """How the model is registered under `tsmon serve`."""

    workers: int = 1
    delay_ms: int = DIGIT_BATCH_DELAY_MS


SETTINGS = (Setting(), Setting(delay_ms=1), Setting(workers=2), Setting(workers=2, delay_ms=1))
"""The first one is that of `tsmon demo`."""


@dataclass(frozen=True)
class Target:
    """A server under load; *key* is its inference token, if it asks for one."""

    name: str
    inference: str
    key: str | None = None
    model: str = "mnist"
    front_end: int | None = None
    """The process of TorchServe itself."""
    workers: tuple[int, ...] = ()
    """The model's processes."""


@dataclass(frozen=True)
class Load:
    """What wrk saw: requests answered and failed, their time in seconds, p95 in milliseconds."""

    answered: int
    failed: int
    seconds: float
    p95: float
    front_end_ms: float = 0.0
    """CPU of TorchServe's own process for each request answered."""
    worker_ms: float = 0.0
    """CPU of the workers, likewise."""

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


@dataclass(frozen=True)
class ServedRow:
    """Medians of a setting at one number of connections; rates a second, CPU for each request."""

    connections: int
    workers: int
    delay_ms: int
    rate: float
    core_rate: float
    """Digits that one core computes in the handler, in the largest batches, without a server."""
    p95: float
    front_end_ms: float
    worker_ms: float


@contextmanager
def served(folder: Path, archive: Path, batch_size: int) -> Iterator[dict[Setting, Target]]:
    """The model under `tsmon serve` with its defaults, registered in each of the settings."""
    server = LocalServer(folder / "home")
    record = server.start(ServerPlan(model_store=archive.parent, ports=free_ports()))
    try:
        keys = json.loads(server.home.key_file.read_text())
        targets = {}
        with httpx.Client(
            base_url=record.management,
            headers={"Authorization": f"Bearer {keys['management']['key']}"},
            timeout=START_SECONDS,
        ) as client:
            for setting in SETTINGS:
                model = f"mnist-{setting.workers}-{setting.delay_ms}"
                processes = _register(client, archive, model, setting, batch_size)
                targets[setting] = Target(
                    model,
                    record.inference,
                    keys["inference"]["key"],
                    model,
                    psutil.Process(processes[0]).ppid(),
                    processes,
                )
        yield targets
    finally:
        server.stop()


def _register(
    client: httpx.Client, archive: Path, model: str, setting: Setting, batch_size: int
) -> tuple[int, ...]:
    """The processes of its workers."""
    registration: dict[str, str | int | bool] = {
        "url": archive.name,
        "model_name": model,
        "batch_size": batch_size,
        "max_batch_delay": setting.delay_ms,
        "initial_workers": setting.workers,
        "synchronous": True,
    }
    client.post("/models", params=registration).raise_for_status()
    described = client.get(f"/models/{model}").raise_for_status().json()
    return tuple(worker["pid"] for worker in described[0]["workers"])


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
    before = _cpu_ms(target)
    result = subprocess.run(
        [*command, f"{target.inference}/predictions/{target.model}"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    said = Load(**json.loads(result.stdout.splitlines()[-1]))
    used = [
        (end - start) / said.answered for start, end in zip(before, _cpu_ms(target), strict=True)
    ]
    _drain(target)
    return replace(said, front_end_ms=used[0], worker_ms=used[1])


def _cpu_ms(target: Target) -> tuple[float, float]:
    """CPU of the front end and of all workers since their starts; 0 where they are not known."""
    front_end = () if target.front_end is None else (target.front_end,)
    times = (
        sum(sum(psutil.Process(each).cpu_times()[:2]) for each in processes)
        for processes in (front_end, target.workers)
    )
    return 1000 * next(times), 1000 * next(times)


def computed(archive: Path) -> Alone:
    """What a core does without a server: milliseconds for a digit, by the size of a batch."""
    result = subprocess.run(
        [sys.executable, "-m", "benchmarks.handler_alone", str(archive)],
        capture_output=True,
        text=True,
        check=True,
    )
    return {int(size): parts for size, parts in json.loads(result.stdout).items()}


def _drain(target: Target) -> None:
    """Wait for an answer: wrk leaves requests behind, and the next load would wait for them."""
    httpx.put(
        f"{target.inference}/predictions/{target.model}",
        content=next(digit_assets().samples.glob("*.png")).read_bytes(),
        headers={"Authorization": f"Bearer {target.key}"} if target.key else {},
        timeout=START_SECONDS,
        trust_env=False,
    ).raise_for_status()


def compare(
    plain_server: Target,
    settings: dict[Setting, Target],
    archive: Path,
    connections: Sequence[int],
    rounds: int,
    seconds: float,
) -> tuple[list[Row], list[ServedRow], Alone]:
    """Load all in turn, and compute without a server in between; the medians."""
    targets = (plain_server, *settings.values())
    for target in targets:
        load(target, max(connections), WARM_UP_SECONDS)
    loads: dict[tuple[str, int], list[Load]] = defaultdict(list)
    alone: list[Alone] = []
    for _ in range(rounds):
        alone.append(computed(archive))
        for number in connections:
            for target in targets:
                loads[target.name, number].append(load(target, number, seconds))
    core = {
        size: {part: statistics.median(each[size][part] for each in alone) for part in parts}
        for size, parts in alone[0].items()
    }
    first = settings[SETTINGS[0]].name
    rows = [
        _row(number, loads[plain_server.name, number], loads[first, number])
        for number in connections
    ]
    served_rows = [
        _served_row(number, setting, loads[target.name, number], core)
        for setting, target in settings.items()
        for number in connections
    ]
    return rows, served_rows, core


def _row(connections: int, plain_loads: list[Load], served_loads: list[Load]) -> Row:
    return Row(
        connections,
        plain_rate=statistics.median(each.rate for each in plain_loads),
        served_rate=statistics.median(each.rate for each in served_loads),
        plain_p95=statistics.median(each.p95 for each in plain_loads),
        served_p95=statistics.median(each.p95 for each in served_loads),
        failed=sum(each.failed for each in (*plain_loads, *served_loads)),
    )


def _served_row(connections: int, setting: Setting, loads: list[Load], core: Alone) -> ServedRow:
    largest = core[max(core)]
    return ServedRow(
        connections,
        **asdict(setting),
        rate=statistics.median(each.rate for each in loads),
        p95=statistics.median(each.p95 for each in loads),
        core_rate=1000 / sum(largest[part] for part in HANDLER),
        front_end_ms=statistics.median(each.front_end_ms for each in loads),
        worker_ms=statistics.median(each.worker_ms for each in loads),
    )


def show(rows: list[Row], served_rows: list[ServedRow], core: Alone) -> None:
    """Print the rows as tables."""
    print_table(
        "requests a second and p95 in milliseconds, torchserve and tsmon serve",
        ("connections", "plain/s", "tsmon/s", "ratio", "plain p95", "tsmon p95", "failed"),
        [
            (
                str(row.connections),
                *(f"{rate:.0f}" for rate in (row.plain_rate, row.served_rate)),
                f"{row.ratio:.1f}",
                *(f"{p95:.1f}" for p95 in (row.plain_p95, row.served_p95)),
                str(row.failed),
            )
            for row in rows
        ],
    )
    print_table(
        "one core without a server: ms of CPU for a digit, by the size of a batch",
        ("part", *map(str, core)),
        [(part, *(f"{parts[part]:.3f}" for parts in core.values())) for part in core[max(core)]],
    )
    cores = os.cpu_count() or 1
    print_table(
        f"served / computed; {served_rows[0].core_rate:.0f} digits/s by one core, in batches of 8",
        (
            *("workers", "delay ms", "connections", "served/s", "p95 ms"),
            *("front end CPU ms", "worker CPU ms", "/ core per worker", f"/ {cores} cores"),
        ),
        [
            (
                *(str(each) for each in (row.workers, row.delay_ms, row.connections)),
                f"{row.rate:.0f}",
                f"{row.p95:.1f}",
                f"{row.front_end_ms:.3f}",
                f"{row.worker_ms:.3f}",
                f"{row.rate / row.core_rate / row.workers:.2f}",
                f"{row.rate / row.core_rate / cores:.2f}",
            )
            for row in served_rows
        ],
    )


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
        settings = stack.enter_context(served(folder, archive, options.batch_size))
        found = compare(
            plain_server,
            settings,
            archive,
            options.connections,
            options.rounds,
            options.seconds,
        )
    rows, served_rows, core = found
    if options.json:
        record = {
            "beside plain": [{**asdict(row), "ratio": row.ratio} for row in rows],
            "served": [asdict(row) for row in served_rows],
            "one core": core,
        }
        print(json.dumps(record, indent=2))
    else:
        show(*found)
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
