"""tsmon's sender beside `hey` and `wrk`, on one server and in the same rounds.

    python benchmarks/sender.py --rounds 5 --seconds 4 --connections 1,10,50

Starts a TorchServe of its own with the digit model and stops it at the end. In every round each
sender posts the same digit for the same time, in an order that turns round by round; the ratios
are medians over the rounds, so that what else the machine does touches all three alike.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from tsmon.digits.folders import find_images
from tsmon.digits.images import DigitImage
from tsmon.load.run.plan import Endpoint, RunPlan
from tsmon.load.run.run import complete_run, endpoint_of
from tsmon.serving.archive import build_archive, digit_archive_spec
from tsmon.serving.assets import digit_assets
from tsmon.serving.local_server import LocalServer
from tsmon.serving.plan import ServerPlan
from tsmon.serving.ports import free_ports
from tsmon.serving.record import ServerRecord
from tsmon.telemetry.logs.percentiles import nearest_rank
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.inference import predictions_path
from tsmon.torchserve.management import Registration
from tsmon.torchserve.rollout import Outcome, follow
from tsmon.torchserve.tokens import KeyRing

MODEL = "mnist"
WARM_UP_S = 3.0
HEADING = (
    "connections  sender   requests/s  tsmon/sender      p50      p95   p99 ms  CPU ms/req  errors"
)
WRK_SCRIPT = """
local file = io.open(os.getenv("BENCH_IMAGE"), "rb")
wrk.method, wrk.body = "POST", file:read("*a")
file:close()
wrk.headers["Accept"] = "application/json"
wrk.headers["Content-Type"] = "application/octet-stream"
wrk.headers["Authorization"] = os.getenv("BENCH_AUTHORIZATION")
done = function(summary, latency, requests)
  local e = summary.errors
  print(string.format("RESULT %d %d %d %d %d %d", summary.requests, summary.duration,
    e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(95), latency:percentile(99)))
end
"""


@dataclass(frozen=True, slots=True)
class Sent:
    """What one sender did in one round."""

    requests: int
    seconds: float
    errors: int
    p50: float
    """Milliseconds, like the other two."""
    p95: float
    p99: float
    cpu_s: float = 0.0
    """Of the sender's process."""

    @property
    def throughput(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds


@dataclass(frozen=True, slots=True)
class Bench:
    """What every sender is told."""

    record: ServerRecord
    image: DigitImage
    seconds: float
    folder: Path

    def client(self) -> TorchServe:
        """A client of the server."""
        addresses = Addresses(self.record.inference, self.record.management, self.record.metrics)
        return TorchServe(addresses, KeyRing(self.record.key_file))

    def plan(self, connections: int, seconds: float | None = None) -> RunPlan:
        """A closed loop."""
        duration_s = seconds or self.seconds
        images = (self.image,)
        return RunPlan(model=MODEL, payloads=images, concurrency=connections, duration_s=duration_s)

    @property
    def endpoint(self) -> Endpoint:
        """Where and as whom to send."""
        return endpoint_of(self.client(), self.plan(1))

    @property
    def url(self) -> str:
        """The model's address."""
        endpoint = self.endpoint
        return endpoint.url + endpoint.prefix + predictions_path(MODEL)


def send_by_tsmon(bench: Bench, connections: int) -> Sent:
    """A closed loop of tsmon's."""
    return asyncio.run(run_plan(bench, bench.plan(connections)))


async def run_plan(bench: Bench, plan: RunPlan) -> Sent:
    """Do one run of tsmon's."""
    async with bench.client() as client:
        report = await complete_run(client, plan)
    times = report.latency
    if times is None:
        raise SystemExit(f"no request was answered: {dict(report.examples)}")
    requests = report.answered + report.failed
    return Sent(requests, report.seconds, report.failed, times.p50, times.p95, times.p99)


def send_by_hey(bench: Bench, connections: int) -> Sent:
    """`hey` for the same time; its CSV has every response."""
    command = ["hey", "-z", f"{bench.seconds:g}s", "-c", str(connections), "-m", "POST"]
    command += ["-o", "csv", "-T", "application/octet-stream", "-H", "Accept: application/json"]
    command += ["-H", f"Authorization: {bench.endpoint.authorization}"]
    command += ["-D", str(bench.image.path), bench.url]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [line.split(",") for line in output.splitlines()[1:]]
    end = max(float(row[-1]) + float(row[0]) for row in rows)
    times = sorted(float(row[0]) * 1000 for row in rows)
    errors = sum(row[-2] != "200" for row in rows)
    p50, p95, p99 = (times[nearest_rank(percent, len(times)) - 1] for percent in (50, 95, 99))
    return Sent(len(rows), end, errors, p50, p95, p99)


def send_by_wrk(bench: Bench, connections: int) -> Sent:
    """`wrk` for the same time, in one thread."""
    script = bench.folder / "post.lua"
    script.write_text(WRK_SCRIPT)
    told = {"BENCH_IMAGE": str(bench.image.path)}
    told["BENCH_AUTHORIZATION"] = bench.endpoint.authorization
    command = ["wrk", "-t1", f"-c{connections}", f"-d{bench.seconds:.0f}s", "-s", str(script)]
    output = subprocess.run(
        [*command, bench.url], capture_output=True, text=True, check=True, env=os.environ | told
    ).stdout
    found = re.search(r"RESULT ([\d ]+)", output)
    if found is None:
        raise SystemExit(f"wrk printed no result:\n{output}")
    requests, micros, errors, p50, p95, p99 = map(int, found[1].split())
    return Sent(requests, micros / 1e6, errors, p50 / 1e3, p95 / 1e3, p99 / 1e3)


Senders = Mapping[str, Callable[[Bench, int], Sent]]
SENDERS: Senders = {
    "tsmon": send_by_tsmon,
    "hey": send_by_hey,
    "wrk": send_by_wrk,
}


def measure(send: Callable[[Bench, int], Sent], bench: Bench, connections: int) -> Sent:
    """Let one sender send, and add the CPU its process took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    sent = send(bench, connections)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return replace(sent, cpu_s=cpu_s)


def compare(senders: Senders, bench: Bench, connections: int, rounds: int) -> None:
    """Let the senders take turns and print a line for each."""
    names = list(senders)
    results: dict[str, list[Sent]] = {name: [] for name in names}
    for number in range(rounds):
        first = number % len(names)
        for name in [*names[first:], *names[:first]]:
            results[name].append(measure(senders[name], bench, connections))
    for name in names:
        print_line(name, connections, results)


def print_line(name: str, connections: int, results: dict[str, list[Sent]]) -> None:
    """Medians over the rounds, and tsmon's throughput in shares of the others'."""
    own = results[name]
    cells = [f"{connections:>11}  {name:<7}", f"{median(each.throughput for each in own):>10.1f}"]
    cells += [f"{median(ratios(results['tsmon'], own)):>12.3f}" if name != "tsmon" else " " * 12]
    cells += [
        f"{median(getattr(each, what) for each in own):>8.2f}" for what in ("p50", "p95", "p99")
    ]
    cells += [f"{median(each.cpu_s / each.requests for each in own) * 1000:>9.3f}"]
    cells += [f"{sum(each.errors for each in own):>7}"]
    print(*cells, flush=True)


def ratios(ours: Sequence[Sent], theirs: Sequence[Sent]) -> list[float]:
    """Round by round, our throughput in shares of theirs."""
    return [mine.throughput / other.throughput for mine, other in zip(ours, theirs, strict=True)]


@contextmanager
def digit_server(folder: Path, workers: int) -> Iterator[ServerRecord]:
    """A server with the digit model's workers ready."""
    store = folder / "store"
    store.mkdir()
    archive = build_archive(digit_archive_spec(store))
    server = LocalServer(folder / "home")
    record = server.start(ServerPlan(model_store=store, ports=free_ports()))
    try:
        asyncio.run(_register(record, archive.name, workers))
        yield record
    finally:
        server.stop()


async def _register(record: ServerRecord, archive: str, workers: int) -> None:
    addresses = Addresses(record.inference, record.management, record.metrics)
    async with TorchServe(addresses, KeyRing(record.key_file)) as client:
        await client.management.register(Registration(archive, initial_workers=workers))
        async for progress in follow(client.management, MODEL, workers):
            if progress.outcome is Outcome.FAILED:
                raise SystemExit(f"the digit model does not start: {progress.reason}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4, help="of each sender in each round")
    parser.add_argument("--connections", default="1,10,50")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    names = [name for name in SENDERS if name == "tsmon" or shutil.which(name)]
    for missing in sorted(SENDERS.keys() - set(names)):
        print(f"{missing} is not installed; the table goes without it", file=sys.stderr)
    image = find_images(digit_assets().samples)[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with digit_server(folder, options.workers) as record:
            bench = Bench(record, image, options.seconds, folder)
            asyncio.run(run_plan(bench, bench.plan(10, WARM_UP_S)))
            print(HEADING)
            for connections in map(int, options.connections.split(",")):
                compare({name: SENDERS[name] for name in names}, bench, connections, options.rounds)


if __name__ == "__main__":
    main()
