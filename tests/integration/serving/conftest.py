from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tsmon.serving.errors import NotRunning
from tsmon.serving.local_server import LocalServer
from tsmon.serving.plan import ServerPlan
from tsmon.serving.ports import free_ports

MakeServer = Callable[[str], LocalServer]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path."""
    with tempfile.TemporaryDirectory(prefix="ts") as name:
        yield Path(name)


@pytest.fixture
def temp_dirs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the temporary folders of servers are made during a test."""
    parent = folder / "tmp"
    parent.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(parent))
    return parent


@pytest.fixture
def make_server(folder: Path, temp_dirs: Path) -> Iterator[MakeServer]:
    """Makes servers by the names of their homes; all are stopped in the end."""
    with ExitStack() as stack:

        def make(name: str) -> LocalServer:
            server = LocalServer(folder / name)
            stack.callback(stop, server)
            return server

        yield make


def stop(server: LocalServer) -> None:
    with suppress(NotRunning):
        server.stop()


@pytest.fixture
def server(make_server: MakeServer) -> LocalServer:
    return make_server("home")


@pytest.fixture
def plan(folder: Path) -> ServerPlan:
    """A server with ports of its own and an empty model store."""
    store = folder / "store"
    store.mkdir()
    return ServerPlan(model_store=store, ports=free_ports())
