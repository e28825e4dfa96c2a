"""A real TorchServe for the contract tests, configured by them alone."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.contract.archives import write_real, write_workflows
from tests.secrecy import hand_out_file
from tsmon.serving.java import find_java
from tsmon.serving.ports import LOOPBACK, Ports, free_ports
from tsmon.torchserve.addresses import Addresses

START_S = 60.0
STOP_S = 10.0


@dataclass(frozen=True, slots=True)
class RealTorchServe:
    """A running server."""

    addresses: Addresses
    grpc: Addresses
    """The addresses over gRPC."""
    key_file: Path
    release_file: Path
    """As long as it is not there, the handlers that wait go on waiting."""


@contextmanager
def real_torchserve(settings: dict[str, str]) -> Iterator[RealTorchServe]:
    """Start a server with these settings of config.properties, and stop it in the end."""
    # The path must be short: the workers' sockets are in it.
    with tempfile.TemporaryDirectory(prefix="ts-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "store").mkdir()
        write_real(folder / "store")
        (folder / "workflows").mkdir()
        write_workflows(folder / "workflows")
        ports = free_ports()
        _write_settings(folder / "config.properties", ports, settings)
        server = RealTorchServe(
            Addresses(
                f"http://{LOOPBACK}:{ports.inference}",
                f"http://{LOOPBACK}:{ports.management}",
                f"http://{LOOPBACK}:{ports.metrics}",
            ),
            Addresses(
                f"grpc://{LOOPBACK}:{ports.grpc_inference}",
                f"grpc://{LOOPBACK}:{ports.grpc_management}",
            ),
            folder / "key_file.json",
            folder / "release",
        )
        hand_out_file(server.key_file)
        process = _launch(folder, server.release_file)
        try:
            _wait(process, server, folder / "console")
            yield server
        finally:
            _stop(process)


def _write_settings(path: Path, ports: Ports, settings: dict[str, str]) -> None:
    everything = {
        "inference_address": f"http://{LOOPBACK}:{ports.inference}",
        "management_address": f"http://{LOOPBACK}:{ports.management}",
        "metrics_address": f"http://{LOOPBACK}:{ports.metrics}",
        "grpc_inference_port": str(ports.grpc_inference),
        "grpc_management_port": str(ports.grpc_management),
        "disable_system_metrics": "true",
    } | settings
    path.write_text("".join(f"{key}={value}\n" for key, value in everything.items()))


def _launch(folder: Path, release_file: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "ts.model_server", "--start", "--foreground", "--ncs"]
    command += ["--ts-config", "config.properties", "--model-store", "store"]
    command += ["--workflow-store", "workflows"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TS_")}
    environment |= {
        "JAVA_HOME": str(find_java().home),
        "TEMP": str(folder),
        "TMPDIR": str(folder),
        "OMP_NUM_THREADS": "1",
        "TS_OPEN_INFERENCE_PROTOCOL": "oip",
        "CONTRACT_RELEASE": str(release_file),
    }
    with (folder / "console").open("wb") as console:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a process group of its own, to be stopped as one
        )


def _wait(process: subprocess.Popen[bytes], server: RealTorchServe, console: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        if all(map(_answers, (server.addresses.inference, server.addresses.metrics))):
            return
        time.sleep(0.1)
    raise AssertionError(f"TorchServe did not start:\n{console.read_text()[-2000:]}")


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/api-description", trust_env=False).is_success
    except httpx.TransportError:
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    for ending in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, ending)
            process.wait(STOP_S)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


async def opened(addresses: Addresses) -> Addresses:
    """Wait until both ports are open: those of gRPC are the last."""
    for url in (addresses.inference, addresses.management):
        for _ in range(200):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            break
    return addresses
