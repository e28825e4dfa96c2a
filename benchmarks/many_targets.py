"""What it costs to watch a fleet through Prometheus, and how long a key waits meanwhile.

``python -m benchmarks.many_targets --servers 302,1000`` has a real Prometheus scrape stand-ins
(`benchmarks.scraped_servers`) every 5 s, and asks it three ways: for the sum of requests of each
server with httpx alone, which is the least that a table needs; as the fleet does, for its first
table and for those after it; and with the fleet screen open. Bytes are those that Prometheus sent.
CPU is that of the asking process.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx

from benchmarks.fleet import on_screen
from benchmarks.table import print_table
from model.arguments import positive
from tests.integration.prometheus.server import PrometheusServer, prometheus_server
from tsmon.config.schema import Config, FleetSettings, ServerSettings
from tsmon.fleet.prometheus_servers import PrometheusServers
from tsmon.telemetry.logs.percentiles import nearest_rank
from tsmon.telemetry.prometheus.client import Prometheus
from tsmon.tui.state.steps import shorten_pauses

EVERY_S = 5
MODELS = 5
SCRAPES = 8
"""Of each server before anything is measured."""
ROUNDS = 5
LEAST = "sum by (instance, cluster) (rate(ts_inference_requests_total[32s]))"
COLUMNS = ("asked by", "s", "kB", "CPU ms", "CPU %", "key p50 ms", "p95 ms", "max ms")


@contextmanager
def scraped(servers: int, folder: Path) -> Iterator[PrometheusServer]:
    """A Prometheus that scrapes so many stand-ins."""
    binary = shutil.which("prometheus")
    if binary is None:
        raise SystemExit("there is no `prometheus` on PATH")
    targets = folder / "targets.json"
    command = [sys.executable, "-m", "benchmarks.scraped_servers", str(servers)]
    command += ["--models", str(MODELS), "--targets", str(targets)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout is None or not process.stdout.readline():
            raise SystemExit("the stand-in servers did not start")
        with prometheus_server(binary, folder, "", targets, every_s=EVERY_S) as server:
            time.sleep(SCRAPES * EVERY_S)
            yield server
    finally:
        process.communicate("")


class Relay:
    """Passes bytes on to Prometheus and back, and counts those that come back."""

    def __init__(self, url: str) -> None:
        self._to = url.partition("://")[2].split(":")
        self.bytes = 0

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        there, back = await asyncio.open_connection(self._to[0], int(self._to[1]))
        await asyncio.gather(self._copy(reader, back), self._copy(there, writer, counts=True))

    async def _copy(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counts: bool = False
    ) -> None:
        try:
            while part := await reader.read(2**16):
                self.bytes += len(part) if counts else 0
                writer.write(part)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def relayed(url: str) -> AsyncIterator[tuple[Relay, str]]:
    """A relay to Prometheus and its own address."""
    relay = Relay(url)
    async with await asyncio.start_server(relay.pass_on, "127.0.0.1", 0) as listening:
        yield relay, f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"


async def _row(name: str, ask: Callable[[], Awaitable[object]], relay: Relay) -> list[str]:
    """The fastest of some rounds, which other programs disturbed the least."""
    found = []
    for _ in range(1 if name == "the first table" else ROUNDS):
        before, cpu, bytes_ = time.monotonic(), time.process_time(), relay.bytes
        await ask()
        cost = time.process_time() - cpu
        found.append((time.monotonic() - before, (relay.bytes - bytes_) / 1000, cost * 1000))
    seconds, sent, cost = min(found)
    shown = [f"{seconds:.2f}", f"{sent:.0f}", f"{cost:.0f}", f"{cost / 10 / EVERY_S:.1f}"]
    return [name, *shown, "", "", ""]


async def measure(url: str, servers: int, seconds: float) -> list[list[str]]:
    """A row for each way to ask."""
    rows = []
    async with relayed(url) as (relay, address):
        async with httpx.AsyncClient(base_url=address) as client:
            parameters = {"query": LEAST}
            rows.append(
                await _row(
                    "httpx alone, one sum",
                    lambda: client.get("/api/v1/query", params=parameters),
                    relay,
                )
            )
        async with Prometheus(address) as prometheus:
            fleet = PrometheusServers(prometheus, "", EVERY_S)
            rows.append(await _row("the first table", fleet.read, relay))
            assert sum(row.is_up for row in fleet.rows) == servers
            rows.append(await _row("each table after it", fleet.read, relay))
    config = Config(
        servers={"away": ServerSettings("http://127.0.0.1:3")},
        fleet=FleetSettings(prometheus=url, period=EVERY_S),
    )
    percent, waits = await on_screen(config, seconds, fleet=True)
    ranks = [f"{1000 * waits[nearest_rank(each, len(waits)) - 1]:.1f}" for each in (50, 95, 100)]
    rows.append(["the screen", "", "", "", f"{percent:.1f}", *ranks])
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", default="302,1000")
    parser.add_argument("--seconds", type=positive, default=20.0, help="with the screen open")
    arguments = parser.parse_args()
    shorten_pauses()  # as the monitor does before it runs
    for servers in map(int, arguments.servers.split(",")):
        with (
            tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
            scraped(servers, Path(folder)) as server,
        ):
            rows = asyncio.run(measure(server.url, servers, arguments.seconds))
        print_table(
            f"{servers} servers with {MODELS} models each, every {EVERY_S} s", COLUMNS, rows
        )


if __name__ == "__main__":
    main()
