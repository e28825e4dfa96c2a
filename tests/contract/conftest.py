"""The contract's servers: each test runs on the fake and on a real TorchServe."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.contract.real import RealTorchServe, real_torchserve
from tests.contract.servers import Fake, OnSockets, Real, Server
from tests.fake import FakeTorchServe
from tests.fake.fault_server import serving
from tests.torchserve_version import torchserve_version
from tsmon.torchserve.client import TorchServe

QUEUE_SIZE = 2
FLEETING_MINUTES = "0.0001"


@pytest.fixture(
    params=["fake", "fault server", pytest.param("real", marks=pytest.mark.integration)]
)
def kind(request: pytest.FixtureRequest) -> str:
    """Which server a test runs on."""
    return str(request.param)


@pytest.fixture
async def server(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Server]:
    """A server that may all that tsmon uses, with tokens and without models."""
    if kind == "fake":
        key_file = tmp_path / "key_file.json"
        yield Fake(FakeTorchServe(key_file=key_file, job_queue_size=QUEUE_SIZE))
        return
    if kind == "fault server":
        key_file = tmp_path / "key_file.json"
        async with serving(key_file=key_file, job_queue_size=QUEUE_SIZE) as sockets:
            yield OnSockets(sockets.fake)
        return
    real = Real(request.getfixturevalue("real"))
    yield real
    real.release("")
    async with real.client() as client:
        await _unregister_all(client)


@pytest.fixture
async def client(server: Server) -> AsyncIterator[TorchServe]:
    """A client of the server, with its keys."""
    async with server.client() as opened:
        yield opened


@pytest.fixture
async def bare(kind: str, request: pytest.FixtureRequest) -> AsyncIterator[Server]:
    """A server as it is by default, but without tokens: metrics_mode log, model API off."""
    if kind == "fake":
        yield Fake(FakeTorchServe(metrics_mode="log", model_api=False))
    elif kind == "fault server":
        async with serving(metrics_mode="log", model_api=False) as sockets:
            yield OnSockets(sockets.fake)
    else:
        yield Real(request.getfixturevalue("real_bare"))


@pytest.fixture
async def fleeting(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Server]:
    """A server in metrics_mode legacy whose keys are expired."""
    key_file = tmp_path / "key_file.json"
    if kind == "fake":
        fake = FakeTorchServe(metrics_mode="legacy", key_file=key_file)
        fake.keys.expire("management", "inference")
        yield Fake(fake)
    elif kind == "fault server":
        async with serving(metrics_mode="legacy", key_file=key_file) as sockets:
            sockets.fake.keys.expire("management", "inference")
            yield OnSockets(sockets.fake)
    else:
        yield Real(request.getfixturevalue("real_fleeting"))


@pytest.fixture
async def unaddressed(kind: str, request: pytest.FixtureRequest) -> AsyncIterator[Server]:
    """A server whose models need not be addressable, since nobody unregisters them."""
    if kind == "fake":
        yield Fake(FakeTorchServe())
    elif kind == "fault server":
        async with serving() as sockets:
            yield OnSockets(sockets.fake)
    else:
        yield Real(request.getfixturevalue("real_unaddressed"))


@pytest.fixture(scope="session")
def real_unaddressed() -> Iterator[RealTorchServe]:
    settings = {"enable_model_api": "true", "disable_token_authorization": "true"}
    with _real({**settings, "metrics_mode": "prometheus"}) as server:
        yield server


@pytest.fixture(scope="session")
def real() -> Iterator[RealTorchServe]:
    with _real(
        {
            "metrics_mode": "prometheus",
            "enable_model_api": "true",
            "job_queue_size": str(QUEUE_SIZE),
        }
    ) as server:
        yield server


@pytest.fixture(scope="session")
def real_bare() -> Iterator[RealTorchServe]:
    with _real({"disable_token_authorization": "true"}) as server:
        yield server


@pytest.fixture(scope="session")
def real_fleeting() -> Iterator[RealTorchServe]:
    with _real({"metrics_mode": "legacy", "token_expiration_min": FLEETING_MINUTES}) as server:
        yield server


@contextmanager
def _real(settings: dict[str, str]) -> Iterator[RealTorchServe]:
    if not torchserve_version():
        pytest.skip("needs TorchServe: pip install -e '.[server,dev]'")
    with real_torchserve(settings) as server:
        yield server


async def _unregister_all(client: TorchServe) -> None:
    for model in await client.management.models():
        default = await client.management.describe(model.name)
        for version in await client.management.describe_all(model.name):
            if version.version != default.version:
                await client.management.unregister(model.name, version.version)
        await client.management.unregister(model.name)
