"""What a fault happens to: a server with two models, its key file and logs, a monitor, commands."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
from click.testing import CliRunner

from tests.fake.content_faults import CONTENT_FAULTS
from tests.fake.fault_server import PORTS, Fault, FaultServer, fault_server
from tests.fake.server import FakeTorchServe
from tests.fake.wire_faults import WIRE_FAULTS
from tests.unit.cli.conftest import Finished, entry
from tsmon.cli.target import Target
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.route import Route
from tsmon.torchserve.tokens import KeyRing

MODELS = ("mnist", "cifar")
Step = Callable[["Scene"], None]


@dataclass(slots=True)
class Scene:
    """A server and the files around it, in a folder of their own."""

    server: FaultServer
    folder: Path
    ca_file: Path | None = None
    key_file: Path | None = None
    secrets: str = ""
    """What is in the key file at first."""
    undo: list[Callable[[], None]] = field(default_factory=list)
    """What ends a fault that is none of the server's."""

    def target(self) -> Target:
        """What the options of a command say of the server."""
        addresses = self.server.addresses
        return Target(
            inference_url=addresses.inference,
            management_url=addresses.management,
            metrics_url=addresses.metrics,
            key_file=self.key_file,
            ca_file=self.ca_file,
        )

    def client(self) -> TorchServe:
        """A client for the monitor."""
        verify = str(self.ca_file) if self.ca_file else True
        return TorchServe(self.server.addresses, KeyRing(self.key_file), route=Route(verify))

    def run(self, *args: str) -> Finished:
        """Run a command on the server, in this process."""
        ended = CliRunner().invoke(entry(self.target()), list(args), prog_name="tsmon")
        if ended.exception is not None and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        return Finished(ended.exit_code, ended.stdout, ended.stderr)

    def heal(self) -> None:
        """End every fault."""
        self.server.heal()
        while self.undo:
            self.undo.pop()()

    def change(self, change: Callable[[FakeTorchServe], object]) -> None:
        """Do something to the server itself."""
        self.server.call(change)


@contextmanager
def scene(
    folder: Path,
    certificates: dict[str, ssl.SSLContext] | None = None,
    ca_file: Path | None = None,
    *,
    secure: bool = False,
    tokens: bool = False,
) -> Iterator[Scene]:
    """A healthy server with two models and some requests behind it."""
    key_file = folder / "key_file.json" if tokens else None
    with fault_server(certificates=certificates, secure=secure, key_file=key_file) as server:
        for model in MODELS:
            server.fake.load(model, at_start=True)
            server.fake.serve(model, n=10)
        secrets = key_file.read_text() if key_file else ""
        yield Scene(server, folder, ca_file if secure else None, key_file, secrets)


# Beginnings of faults.


def wire(name: str, *ports: str, where: str = ".*") -> Step:
    """A fault of connections or of HTTP, at some of the ports or all, by default on every path."""
    fault = replace(WIRE_FAULTS[name], where=where, ports=ports or PORTS)
    return lambda scene: scene.server.inject(fault)


def content(name: str) -> Step:
    """A fault of what is said."""
    return lambda scene: scene.server.inject(CONTENT_FAULTS[name])


def answered(response: httpx.Response, where: str) -> Step:
    """A scripted answer of the fake's own."""
    return lambda scene: scene.change(lambda fake: fake.fail(where, response))


def done(change: Callable[[FakeTorchServe], object]) -> Step:
    """Something that happens to the server itself."""
    return lambda scene: scene.change(change)


def both(*steps: Step) -> Step:
    """One after the other."""

    def run(scene: Scene) -> None:
        for step in steps:
            step(scene)

    return run


def harmless(_: Scene) -> None:
    """Nothing."""


__all__ = [
    "Fault",
    "Scene",
    "Step",
    "answered",
    "both",
    "content",
    "done",
    "harmless",
    "scene",
    "wire",
]
