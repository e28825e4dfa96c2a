"""What the contract tests may do to a server, be it the fake or a real one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

import httpx

from tests.contract.archives import FAKE, FAKE_WORKFLOWS
from tests.contract.real import RealTorchServe
from tests.fake import FakeTorchServe
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.tokens import KeyRing


class Server(ABC):
    """A server whose model store holds the archives of `tests.contract.archives`."""

    addresses: Addresses
    key_file: Path
    transport: httpx.AsyncBaseTransport | None

    def client(self, keys: KeyRing | None = None) -> TorchServe:
        """A client of it, by default with its keys."""
        return TorchServe(self.addresses, keys or KeyRing(self.key_file), transport=self.transport)

    @abstractmethod
    def keep_waiting(self, model: str) -> None:
        """Have the model `held` not load, and requests `wait` to `digit` not be answered."""

    @abstractmethod
    def release(self, model: str) -> None:
        """Let them go on."""


class Fake(Server):
    """The fake."""

    def __init__(self, server: FakeTorchServe) -> None:
        self.server = server
        self.server.store.update(FAKE)
        self.server.workflow_store.update(FAKE_WORKFLOWS)
        self.server.open_inference = True
        self.addresses = server.addresses
        self.key_file = server.keys.path or Path("/nonexistent")
        self.transport = server.transport()

    def keep_waiting(self, model: str) -> None:
        self.server.hold(f"/predictions/{model}")

    def release(self, model: str) -> None:
        self.server.release(model)
        self.server.heal()


class OnSockets(Fake):
    """The fake behind the sockets of a fault server without a fault."""

    def __init__(self, server: FakeTorchServe) -> None:
        super().__init__(server)
        self.transport = None


class Real(Server):
    """A real TorchServe."""

    def __init__(self, server: RealTorchServe) -> None:
        self.server = server
        self.addresses = server.addresses
        self.key_file = server.key_file
        self.transport = None

    def keep_waiting(self, model: str) -> None:
        self.server.release_file.unlink(missing_ok=True)

    def release(self, model: str) -> None:
        self.server.release_file.touch()
