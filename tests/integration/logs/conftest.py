"""Real TorchServes whose logs are read: one in metrics_mode log, the default, one in legacy."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from tests.contract.real import RealTorchServe, real_torchserve
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.snapshot import ModelKey, ModelStatus
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.records import ModelVersion, parse_versions
from tsmon.torchserve.tokens import KeyRing

T = TypeVar("T")
QUEUE_SIZE = 5
PATIENCE_S = 60.0
PERIOD_S = 0.1


@dataclass(frozen=True, slots=True)
class Server:
    """A running server without tokens."""

    real: RealTorchServe
    management: httpx.Client
    inference: httpx.Client

    @property
    def folder(self) -> Path:
        """What it was started in."""
        return self.real.key_file.parent

    @property
    def logs(self) -> Path:
        """Where it logs to."""
        return self.folder / "logs"

    @property
    def options(self) -> tuple[str, ...]:
        """What tells a command which server is meant."""
        addresses = self.real.addresses
        return (
            *("--inference-url", addresses.inference),
            *("--management-url", addresses.management),
            *("--metrics-url", addresses.metrics),
        )

    def client(self) -> TorchServe:
        """A client of tsmon's own."""
        return TorchServe(self.real.addresses, KeyRing(None))

    def register(self, url: str, workers: int = 1, *, wait: bool = True) -> None:
        """Register an archive, by default until its workers are ready."""
        params = {"url": url, "initial_workers": str(workers), "synchronous": str(wait).lower()}
        answer = self.management.post("/models", params=params)
        assert answer.is_success, answer.text

    def versions(self, name: str) -> tuple[ModelVersion, ...]:
        """What the server says of all versions of a model."""
        return parse_versions(self.management.get(f"/models/{name}/all").json())

    def describe(self, name: str) -> ModelVersion:
        """What the server says of a model's only version."""
        (version,) = self.versions(name)
        return version

    def predict(self, path: str, body: bytes = b"") -> int:
        """Ask for a prediction; gives the status."""
        return self.inference.post(f"/predictions/{path}", content=body).status_code

    def release(self) -> None:
        """Have the handlers that wait go on."""
        self.real.release_file.touch()

    def hold(self) -> None:
        """Have handlers wait from now on where a request asks for that."""
        self.real.release_file.unlink(missing_ok=True)


def until(read: Callable[[], T], is_so: Callable[[T], bool]) -> T:
    """The first reading that is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so(reading := read()):
        assert time.monotonic() < deadline, f"still {reading}"
        time.sleep(PERIOD_S)
    return reading


@pytest.fixture(scope="package")
def server() -> Iterator[Server]:
    """A server in metrics_mode log."""
    with _running({"job_queue_size": str(QUEUE_SIZE)}) as server:
        yield server


@pytest.fixture(scope="package")
def legacy() -> Iterator[Server]:
    """A server in metrics_mode legacy."""
    with _running({"metrics_mode": "legacy"}) as server:
        yield server


@pytest.fixture
async def monitor(server: Server) -> AsyncIterator[Monitor]:
    async with server.client() as client:
        with closing(LiveSource(client)) as source:
            yield Monitor(source, period_s=0.2)


async def until_model(
    monitor: Monitor, key: ModelKey, is_so: Callable[[ModelStatus], bool]
) -> ModelStatus:
    """The first tick's model that is so."""
    monitor.focus = key
    seen: list[str] = []
    async for snapshot in monitor.ticks():
        model = snapshot.model(key)
        if model is not None and is_so(model):
            return model
        seen.append(model.verdict.evidence if model else "missing")
        assert len(seen) < 300, seen[-20:]
    raise AssertionError("the monitor has ended")


@contextmanager
def _running(settings: dict[str, str]) -> Iterator[Server]:
    if find_spec("ts") is None:
        pytest.skip("needs TorchServe: pip install -e '.[server,dev]'")
    settings = {"disable_token_authorization": "true", "enable_model_api": "true", **settings}
    with (
        real_torchserve(settings) as real,
        httpx.Client(base_url=real.addresses.management, timeout=60, trust_env=False) as management,
        httpx.Client(base_url=real.addresses.inference, timeout=60, trust_env=False) as inference,
    ):
        yield Server(real, management, inference)
