"""A Prometheus server of the test's own: free loopback port, own configuration, own storage."""

from __future__ import annotations

import asyncio
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from tsmon.serving.ports import LOOPBACK

JOB = "torchserve"
WAIT_S = 30.0
POLL_S = 0.1

_CONFIGURATION = """\
global:
  scrape_interval: {every_s}s
  scrape_timeout: {every_s}s
scrape_configs:
  - job_name: {job}
    {targets}
  - job_name: prometheus
    static_configs: [{{targets: ["{own}"]}}]
"""


@dataclass(frozen=True, slots=True)
class PrometheusServer:
    """A running Prometheus, and what it scrapes."""

    url: str
    instance: str
    """The metrics address of the TorchServe."""

    async def scraped(self, count: int, after: float = 0.0) -> list[float]:
        """The times of successful scrapes after a moment, once there are `count` of them."""
        query = {"query": f'up{{job="{JOB}"}}[1h]'}
        async with httpx.AsyncClient(base_url=self.url, trust_env=False) as client:
            for _ in range(int((WAIT_S + count) / POLL_S)):
                answer = (await client.get("/api/v1/query", params=query)).json()
                values = [pair for each in answer["data"]["result"] for pair in each["values"]]
                times = [float(at) for at, up in values if up == "1" and float(at) > after]
                if len(times) >= count:
                    return times
                await asyncio.sleep(POLL_S)
        raise AssertionError(f"Prometheus did not scrape {self.instance} {count} times")


@contextmanager
def prometheus_server(
    binary: str, folder: Path, instance: str, file_sd: Path | None = None, *, every_s: int = 1
) -> Iterator[PrometheusServer]:
    """Start a server that scrapes `instance`, or the targets of a `file_sd` file; stop it then."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        address = f"{LOOPBACK}:{probe.getsockname()[1]}"
    configuration = folder / "prometheus.yml"
    targets = f'static_configs: [{{targets: ["{instance}"]}}]'
    if file_sd is not None:
        targets = f"file_sd_configs: [{{files: [{file_sd}]}}]"
    configuration.write_text(
        _CONFIGURATION.format(job=JOB, targets=targets, own=address, every_s=every_s)
    )
    command = [binary, f"--config.file={configuration}", f"--storage.tsdb.path={folder / 'data'}"]
    command += [f"--web.listen-address={address}", "--log.level=warn"]
    log = folder / "prometheus.log"
    with log.open("wb") as console:
        process = subprocess.Popen(command, stdout=console, stderr=subprocess.STDOUT)
    try:
        if not asyncio.run(_becomes_ready(process, f"http://{address}")):
            raise AssertionError(f"Prometheus did not start:\n{log.read_text()[-2000:]}")
        yield PrometheusServer(f"http://{address}", instance)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def _becomes_ready(process: subprocess.Popen[bytes], url: str) -> bool:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        for _ in range(int(WAIT_S / POLL_S)):
            if process.poll() is not None:
                return False
            with suppress(httpx.TransportError):
                if (await client.get("/-/ready")).is_success:
                    return True
            await asyncio.sleep(POLL_S)
    return False
