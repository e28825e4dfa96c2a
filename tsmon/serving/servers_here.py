"""The TorchServe servers of this machine, and how one talks to them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import psutil
from msgspec import Struct
from msgspec.structs import replace

from tsmon.serving.contained import ContainedServer, published_servers
from tsmon.serving.java_process import read_java
from tsmon.serving.settings_file import settings_of
from tsmon.torchserve.addresses import (
    DEFAULT_HOST,
    HTTP_PORT,
    INFERENCE_PORT,
    MANAGEMENT_PORT,
    METRICS_PORT,
    SOCKET,
    Addresses,
    Base,
    port_of,
    same_listener,
)
from tsmon.torchserve.errors import InvalidArgument
from tsmon.torchserve.grpc import addresses as grpc_addresses
from tsmon.torchserve.grpc.schemes import ENCRYPTED, PLAIN
from tsmon.torchserve.process import find_servers
from tsmon.torchserve.this_machine import is_here

_DEFAULTS = {
    "inference_address": INFERENCE_PORT,
    "management_address": MANAGEMENT_PORT,
    "metrics_address": METRICS_PORT,
}
_EVERYWHERE = {"0.0.0.0", "::", "[::]"}  # noqa: S104 (what a server listens at, not ours)
_TLS_OFFSET = 363
"""From the default port of an API to that of the same over TLS, such as 8443."""
_KEPT_S = 1.0
_SEEN: dict[Callable[[], list[Any]], tuple[float, list[Any]]] = {}
S = TypeVar("S", "RunningServer", ContainedServer)
KEY_FILE = "key_file.json"


class RunningServer(Struct, frozen=True):
    """A server of this machine."""

    pid: int
    started: float
    """Seconds since the epoch."""
    addresses: Addresses
    key_file: Path | None
    """The tokens, which TorchServe writes into the folder it was started in."""
    grpc: Addresses | None = None
    """The addresses over gRPC."""


def running_servers() -> list[RunningServer]:
    """Those that this user can see, the newest first; those in containers are in `contained`."""
    found = (_read(process, ports) for process, ports in find_servers().items())
    return sorted((each for each in found if each), key=lambda each: -each.started)


def server_listening(*urls: str) -> RunningServer | ContainedServer | None:
    """The server of this machine to which one of these base URLs leads; None where none does.

    A container is looked for where its ports are not TorchServe's own, which need no guess.
    """
    here = [url for url in urls if is_here(url)]
    if not here:
        return None
    found = _at(here, _lately(running_servers))
    if found is not None or any(port_of(url) == MANAGEMENT_PORT for url in here):
        return found
    return _at(here, _lately(published_servers))


def _at(urls: Sequence[str], servers: Sequence[S]) -> S | None:
    return next((each for each in servers if _is_at(each, urls)), None)


def _is_at(server: RunningServer | ContainedServer, urls: Sequence[str]) -> bool:
    own = {*server.addresses.all, *(server.grpc.all if server.grpc else ())}
    return any(same_listener(each, url) for each in own for url in urls)


def _lately(look: Callable[[], list[S]]) -> list[S]:
    """What was seen a moment ago, else now: a fleet asks for each of its servers."""
    seen = _SEEN.get(look)
    if seen is None or time.monotonic() - seen[0] > _KEPT_S:
        seen = _SEEN[look] = time.monotonic(), look()
    return seen[1]


def _read(process: psutil.Process, ports: tuple[int, ...]) -> RunningServer | None:
    try:
        server = read_java(process)
    except psutil.Error:  # gone meanwhile, or another user's
        return None
    if not server.files_here:
        return None
    settings = settings_of(server)
    addresses = _addresses(settings)
    if addresses is None or not _listens_at(addresses.management, ports):
        return None
    key_file = server.directory / KEY_FILE if server.directory else None
    return RunningServer(
        server.pid,
        server.started,
        addresses,
        key_file if key_file and key_file.is_file() else None,
        _grpc(settings, addresses),
    )


def _listens_at(management: str, ports: tuple[int, ...]) -> bool:
    return management.startswith(SOCKET) or port_of(management) in ports


def _addresses(settings: Mapping[str, str]) -> Addresses | None:
    try:
        return Addresses(*(_address(settings, *default) for default in _DEFAULTS.items()))
    except InvalidArgument:
        return None


def _grpc(settings: Mapping[str, str], http: Addresses) -> Addresses:
    """The same with the addresses of gRPC, as they are used from here."""
    scheme = ENCRYPTED if settings.get("enable_grpc_ssl", "").lower() == "true" else PLAIN

    def url(api: str, default: int) -> str:
        host = settings.get(f"grpc_{api}_address", DEFAULT_HOST)
        port = settings.get(f"grpc_{api}_port", "")
        at = DEFAULT_HOST if host in _EVERYWHERE else f"[{host}]" if ":" in host else host
        return f"{scheme}://{at}:{port if port.isdigit() else default}"

    return replace(
        http,
        inference=url("inference", grpc_addresses.INFERENCE_PORT),
        management=url("management", grpc_addresses.MANAGEMENT_PORT),
    )


def _address(settings: Mapping[str, str], name: str, default: int) -> str:
    """An address that a server listens at, as it is used from here."""
    base = Base.parse(settings.get(name, f"http://{DEFAULT_HOST}:{default}"))
    if base.scheme == "unix":
        return base.address
    of_scheme = default + _TLS_OFFSET if base.scheme == "https" else HTTP_PORT
    url = base.url(base.port or of_scheme)
    parts = urlsplit(url)
    if parts.hostname in _EVERYWHERE:
        return f"{parts.scheme}://{DEFAULT_HOST}:{port_of(url)}"
    return url
