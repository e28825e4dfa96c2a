"""tsmon's sender over gRPC beside plain loops over grpcio, on one server and in the same rounds.

    python -m benchmarks.grpc_sender --rounds 5 --seconds 4 --connections 1,10,50

Starts a TorchServe of its own with the digit model and stops it at the end. Each sender sends the
same message for the same time over as many channels, each with a connection of its own, in a
process of its own, and in an order that turns round by round.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from time import perf_counter
from typing import Any

import grpc
from grpc import aio

from benchmarks.sender import (
    MODEL,
    WARM_UP_S,
    Bench,
    Sent,
    compare,
    digit_server,
    run_plan,
)
from tsmon.config.schema import ServerSettings
from tsmon.digits.folders import find_images
from tsmon.fleet.access import Access
from tsmon.load.run.run import endpoint_of
from tsmon.serving.assets import digit_assets
from tsmon.telemetry.logs.percentiles import nearest_rank
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.grpc.inference import PREDICT, request_of
from tsmon.torchserve.inference import BODY

HEADING = (
    "connections  sender   requests/s  tsmon/sender      p50      p95   p99 ms  CPU ms/req  errors"
)
ALONE = [("grpc.use_local_subchannel_pool", 1)]


class GrpcBench(Bench):
    """The same over gRPC."""

    def client(self) -> TorchServe:
        """A client of the server."""
        settings = ServerSettings(url=self.record.management, key_file=self.record.key_file)
        return Access(settings, lambda: self.record).grpc_client()


def send_by_tsmon(bench: Bench, connections: int) -> Sent:
    """A closed loop of tsmon's."""
    return asyncio.run(run_plan(bench, bench.plan(connections)))


def plain(kind: str, bench: Bench, connections: int) -> Sent:
    """A plain loop in a process of its own."""
    endpoint = endpoint_of(bench.client(), bench.plan(1))
    job = {
        "kind": kind,
        "at": endpoint.url.partition("://")[2],
        "authorization": endpoint.authorization,
        "file": str(bench.image.path),
        "seconds": bench.seconds,
        "connections": connections,
    }
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.grpc_sender", "--job", json.dumps(job)],
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, times = json.loads(ended.stdout)
    times.sort()
    p50, p95, p99 = (times[nearest_rank(part, len(times)) - 1] for part in (50, 95, 99))
    return Sent(len(times), seconds, 0, p50, p95, p99)


SENDERS = {
    "tsmon": send_by_tsmon,
    "aio": lambda bench, connections: plain("aio", bench, connections),
    "threads": lambda bench, connections: plain("threads", bench, connections),
}


def do(job: dict[str, Any]) -> None:
    """Send as the job says; print the seconds to the last answer, and the milliseconds of each."""
    message = request_of(MODEL, {BODY: Path(job["file"]).read_bytes()}).SerializeToString()
    metadata = [("authorization", job["authorization"])]
    if job["kind"] == "aio":
        sent = asyncio.run(_by_aio(job, message, metadata))
    else:
        sent = _by_threads(job, message, metadata)
    print(json.dumps(sent))


async def _by_aio(
    job: dict[str, Any], message: bytes, metadata: list[tuple[str, str]]
) -> tuple[float, list[float]]:
    times: list[float] = []
    channels = [aio.insecure_channel(job["at"], ALONE) for _ in range(job["connections"])]
    await asyncio.gather(*(channel.channel_ready() for channel in channels))
    began = perf_counter()
    end = began + job["seconds"]

    async def loop(channel: Any) -> None:
        predict = channel.unary_unary(PREDICT.path, response_deserializer=PREDICT.answer.FromString)
        while (started := perf_counter()) < end:
            await predict(message, metadata=metadata)
            times.append((perf_counter() - started) * 1000)

    await asyncio.gather(*map(loop, channels))
    return perf_counter() - began, times


def _by_threads(
    job: dict[str, Any], message: bytes, metadata: list[tuple[str, str]]
) -> tuple[float, list[float]]:
    times: list[float] = []
    channels = [grpc.insecure_channel(job["at"], ALONE) for _ in range(job["connections"])]
    for channel in channels:
        grpc.channel_ready_future(channel).result()
    began = perf_counter()
    end = began + job["seconds"]

    def loop(channel: Any) -> None:
        predict = channel.unary_unary(PREDICT.path, response_deserializer=PREDICT.answer.FromString)
        while (started := perf_counter()) < end:
            predict(message, metadata=metadata)
            times.append((perf_counter() - started) * 1000)

    threads = [threading.Thread(target=loop, args=(channel,)) for channel in channels]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return perf_counter() - began, times


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4, help="of each sender in each round")
    parser.add_argument("--connections", default="1,10,50")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--job", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        do(json.loads(options.job))
        return
    image = find_images(digit_assets().samples)[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with digit_server(folder, options.workers) as record:
            bench = GrpcBench(record, image, options.seconds, folder)
            asyncio.run(run_plan(bench, bench.plan(10, WARM_UP_S)))
            print(HEADING)
            for connections in map(int, options.connections.split(",")):
                compare(SENDERS, bench, connections, options.rounds)


if __name__ == "__main__":
    main()
