"""One real TorchServe for all handlers that fail."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from tests.integration.causes.archives import write_archives
from tsmon.serving.local_server import LocalServer
from tsmon.serving.plan import ServerPlan
from tsmon.serving.ports import free_ports
from tsmon.telemetry.logs.causes import Cause, read_cause
from tsmon.torchserve.records import ModelVersion, parse_versions

T = TypeVar("T")
PATIENCE_S = 60.0
PERIOD_S = 0.1


@dataclass(frozen=True, slots=True)
class Server:
    """A running server without tokens, and its logs."""

    management: httpx.Client
    inference: httpx.Client
    logs: Path

    def register(self, name: str, **parameters: str | int) -> None:
        """Register a model with one worker without waiting for it."""
        defaults: dict[str, str | int] = {
            "url": f"{name}.mar",
            "initial_workers": 1,
            "synchronous": "false",
        }
        answer = self.management.post("/models", params={**defaults, **parameters})
        assert answer.status_code == 202, answer.text

    def unregister(self, name: str) -> None:
        """Remove a model."""
        self.management.delete(f"/models/{name}")

    def describe(self, name: str) -> ModelVersion:
        """What the server says of a model's only version."""
        (version,) = parse_versions(self.management.get(f"/models/{name}/all").json())
        return version

    def predict(
        self, name: str, body: bytes, content_type: str = "application/octet-stream"
    ) -> int:
        """Send a body; gives the status."""
        headers = {"Content-Type": content_type}
        answer = self.inference.post(f"/predictions/{name}", content=body, headers=headers)
        return answer.status_code

    def cause(self, name: str, since: datetime) -> Cause | None:
        """Why a model failed since then."""
        return read_cause(self.logs, model=name, since=since)


def until(read: Callable[[], T], is_so: Callable[[T], bool]) -> T:
    """The first reading that is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so(reading := read()):
        assert time.monotonic() < deadline, f"still {reading}"
        time.sleep(PERIOD_S)
    return reading


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """The server, stopped in the end."""
    if find_spec("ts") is None:
        pytest.skip("needs TorchServe: pip install -e '.[server,dev]'")
    # The path must be short: the workers' sockets are in it.
    with tempfile.TemporaryDirectory(prefix="ts") as name:
        store = Path(name) / "store"
        store.mkdir()
        write_archives(store)
        local = LocalServer(Path(name) / "home")
        record = local.start(ServerPlan(model_store=store, ports=free_ports(), token_auth=False))
        try:
            with (
                httpx.Client(base_url=record.management, timeout=60, trust_env=False) as management,
                httpx.Client(base_url=record.inference, timeout=60, trust_env=False) as inference,
            ):
                yield Server(management, inference, local.home.logs)
        finally:
            local.stop()


@pytest.fixture
def moody(server: Server) -> str:
    """The name of a model that is ready and fails as requests ask it to."""
    if server.management.get("/models/moody").status_code != 200:
        server.register("moody", response_timeout=2)
    until(lambda: server.describe("moody"), lambda model: model.ready_workers == 1)
    return "moody"
