"""The TorchServe servers that run on this machine, and how one talks to them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import psutil
from msgspec import Struct

from tsmon.doctor.configuration import settings_of
from tsmon.doctor.machine import read_java
from tsmon.torchserve.addresses import (
    DEFAULT_HOST,
    INFERENCE_PORT,
    MANAGEMENT_PORT,
    METRICS_PORT,
    Addresses,
    base_url,
)
from tsmon.torchserve.errors import InvalidArgument
from tsmon.torchserve.process import find_servers, port_of

_DEFAULTS = {
    "inference_address": INFERENCE_PORT,
    "management_address": MANAGEMENT_PORT,
    "metrics_address": METRICS_PORT,
}
_EVERYWHERE = {"0.0.0.0", "::", "[::]"}  # noqa: S104 (what a server listens at, not ours)
KEY_FILE = "key_file.json"


class RunningServer(Struct, frozen=True):
    """A server of this machine."""

    pid: int
    started: float
    """Seconds since the epoch."""
    addresses: Addresses
    key_file: Path | None
    """The tokens, which TorchServe writes into the folder it was started in."""


def running_servers() -> list[RunningServer]:
    """Those that this user can see, the newest first; those in containers are in `contained`."""
    found = (_read(process, ports) for process, ports in find_servers().items())
    return sorted((each for each in found if each), key=lambda each: -each.started)


def _read(process: psutil.Process, ports: tuple[int, ...]) -> RunningServer | None:
    try:
        server = read_java(process)
    except psutil.Error:  # gone meanwhile, or another user's
        return None
    if not server.files_here:
        return None
    settings = settings_of(server)
    try:
        inference, management, metrics = (
            _local(settings.get(name, f"http://{DEFAULT_HOST}:{port}"))
            for name, port in _DEFAULTS.items()
        )
    except InvalidArgument:
        return None
    if port_of(management) not in ports:
        return None
    key_file = server.directory / KEY_FILE if server.directory else None
    return RunningServer(
        server.pid,
        server.started,
        Addresses(inference, management, metrics),
        key_file if key_file and key_file.is_file() else None,
    )


def _local(address: str) -> str:
    """The address as used from here."""
    url = base_url(address)
    parts = urlsplit(url)
    if parts.hostname in _EVERYWHERE:
        return f"{parts.scheme}://{DEFAULT_HOST}:{port_of(url)}"
    return url
