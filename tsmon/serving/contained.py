"""The TorchServe servers in the containers of this machine."""

from __future__ import annotations

import httpx
from msgspec import Struct
from msgspec.structs import replace

from tsmon.docker.containers import ContainerFacts, running_containers
from tsmon.docker.engine import DockerError
from tsmon.torchserve.addresses import INFERENCE_PORT, MANAGEMENT_PORT, METRICS_PORT, Addresses
from tsmon.torchserve.grpc import addresses as grpc_addresses
from tsmon.torchserve.grpc.schemes import PLAIN
from tsmon.untrusted.http import Bounds, ask

_PORTS = (INFERENCE_PORT, MANAGEMENT_PORT, METRICS_PORT)
_GRPC_PORTS = (grpc_addresses.INFERENCE_PORT, grpc_addresses.MANAGEMENT_PORT)
_BOUNDS = Bounds(timeout_s=1.0, most_bytes=1 << 20)
_NAME = "TorchServe"


class ContainedServer(Struct, frozen=True):
    """A server whose three ports a container publishes, where this machine reaches them."""

    container: str
    addresses: Addresses
    key_file: None = None
    """What is in it cannot be read from here."""
    grpc: Addresses | None = None
    """The addresses over gRPC, where it publishes them."""


def contained_servers() -> list[ContainedServer]:
    """Those that answer, of the newest container first; none where docker cannot be asked."""
    return [each for each in published_servers() if _answers(each)]


def published_servers() -> list[ContainedServer]:
    """Those that may be one by their ports; the newest first."""
    try:
        found = running_containers()
    except DockerError:
        return []
    servers = (_server(each) for each in found)
    return [each for each in servers if each is not None]


def _server(container: ContainerFacts) -> ContainedServer | None:
    """What may be a server by its ports, which say little: others use these numbers as well."""
    published = [
        container.published.get(p) for p in (INFERENCE_PORT, MANAGEMENT_PORT, METRICS_PORT)
    ]
    if None in published:
        return None
    addresses = Addresses(*(f"http://{at}" for at in published))
    grpc = [container.published.get(port) for port in _GRPC_PORTS]
    if None in grpc:
        return ContainedServer(container.name, addresses)
    inference, management = (f"{PLAIN}://{at}" for at in grpc)
    over_grpc = replace(addresses, inference=inference, management=management)
    return ContainedServer(container.name, addresses, grpc=over_grpc)


def _answers(server: ContainedServer) -> bool:
    """Whether it is one, by the one request that needs no token and identifies TorchServe."""
    try:
        return _NAME in ask(f"{server.addresses.management}/api-description", _BOUNDS).text
    except httpx.HTTPError:
        return False
