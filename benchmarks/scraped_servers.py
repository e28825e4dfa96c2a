"""Many stand-in metrics addresses behind one port, for a Prometheus server to scrape.

``python -m benchmarks.scraped_servers 1000 --models 5 --targets FILE`` listens on a free loopback
port, writes a file_sd file that names a target for each path `/N/metrics`, and answers with what
TorchServe 0.12 exports with metrics_mode prometheus until its standard input ends. Two clusters
have the same addresses, so a target is known by its whole label set alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path

SERVERS_PER_NAMESPACE = 50
REQUESTS_PER_S = 3.0
INFERENCE_US, QUEUE_US = 8000.0, 500.0


def labels(number: int) -> dict[str, str]:
    """The target labels of one server, as the discovery of Kubernetes' pods leaves them."""
    place = number // 2
    return {
        "instance": f"10.0.{place // 250}.{place % 250}:8082",
        "cluster": "ab"[number % 2],
        "namespace": f"team-{place // SERVERS_PER_NAMESPACE}",
        "pod": f"torchserve-{place:04d}",
    }


def exposition(number: int, models: int, seconds: float) -> str:
    """What one server answers, `seconds` after its start; each third model has no requests."""
    host = f'Level="Host",Hostname="torchserve-{number}",'
    lines = [f"Requests2XX{{{host}}} {seconds * REQUESTS_PER_S * models:.1f}"]
    if number % 10 == 0:
        lines.append(f"Requests5XX{{{host}}} {seconds:.1f}")
    for name, value in (("CPU", 40.0), ("Memory", 61.5), ("Disk", 12.5)):
        lines.append(f"{name}Utilization{{{host}}} {value + number % 7}")
    for model in range(models):
        worker = f'WorkerName="W-{9000 + model}-model-{model}_1.0",{host}'
        lines.append(f"WorkerLoadTime{{{worker}}} 1800.0")
        if model % 3 == 2:
            continue
        of = f'model_name="model-{model}",model_version="default",hostname="torchserve-{number}",'
        requests = int(seconds * (REQUESTS_PER_S + number % 5 + model))
        us = INFERENCE_US + 100 * (number % 13)
        lines.append(f"ts_inference_requests_total{{{of}}} {requests}.0")
        lines.append(f"ts_inference_latency_microseconds{{{of}}} {requests * us}")
        lines.append(f"ts_queue_latency_microseconds{{{of}}} {requests * QUEUE_US}")
    return "\n".join(lines) + "\n"


async def serve(servers: int, models: int, targets: Path) -> None:
    """Answer scrapes until nobody reads from this process any more."""
    began = time.monotonic()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                number = int(head.split(b"/", 2)[1])
                body = exposition(number, models, time.monotonic() - began).encode()
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                    b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    host, port = listening.sockets[0].getsockname()
    groups = [
        {
            "targets": [f"{host}:{port}"],
            "labels": labels(number) | {"__metrics_path__": f"/{number}/metrics"},
        }
        for number in range(servers)
    ]
    await asyncio.to_thread(targets.write_text, json.dumps(groups))
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def run() -> None:
    """Serve as many as were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("servers", type=int)
    parser.add_argument("--models", type=int, default=5, help="on each")
    parser.add_argument("--targets", type=Path, required=True)
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.servers, arguments.models, arguments.targets))


if __name__ == "__main__":
    run()
