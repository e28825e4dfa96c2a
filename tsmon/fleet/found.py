"""The servers of a fleet where no configuration names any."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tsmon.config.schema import ServerSettings
from tsmon.serving.servers_here import running_servers
from tsmon.torchserve.addresses import same_listener

if TYPE_CHECKING:
    from pathlib import Path

    from tsmon.torchserve.addresses import Addresses
    from tsmon.torchserve.client import TorchServe


def found_here(watched: TorchServe) -> Mapping[str, ServerSettings]:
    """The server that is watched, by its address, and others that run on this machine."""
    own = watched.addresses
    found = {own.label: _settings(own, watched.keys.path, read_only=watched.read_only)}
    for server in running_servers():
        addresses = server.addresses
        if not same_listener(addresses.management, own.management):
            found[addresses.label] = _settings(addresses, server.key_file)
    return found


def _settings(
    addresses: Addresses, key_file: Path | None, *, read_only: bool = False
) -> ServerSettings:
    return ServerSettings(
        url=addresses.management,
        inference_url=addresses.inference,
        metrics_url=addresses.metrics,
        key_file=key_file,
        read_only=read_only,
    )
