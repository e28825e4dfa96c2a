"""The names and addresses by which this machine is meant."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from ipaddress import ip_address
from urllib.parse import urlsplit

import psutil
from msgspec import Struct

_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 (where others listen, not ours)


class Forwarded(Struct, frozen=True):
    """Where a port of this machine leads that is forwarded to another."""

    name: Callable[[], str]
    """What a person calls the server there now."""
    problem: Callable[[], str]
    """Why nothing is forwarded now; empty while it is."""


_FORWARDED: dict[int, Forwarded] = {}


def forwarded_port(port: int, to: Forwarded) -> None:
    """Remember that a port of this machine leads elsewhere, for as long as tsmon lives."""
    _FORWARDED[port] = to


def forwarded(url: str) -> Forwarded | None:
    """Where a URL leads if its port is forwarded; None where it leads to its own host."""
    if not _FORWARDED or url.startswith("unix:"):
        return None
    port = urlsplit(url).port
    found = _FORWARDED.get(port) if port is not None else None
    return found if found is not None and _names_loopback(url) else None


def is_loopback(url: str) -> bool:
    """Whether a URL never leaves this machine; `127.0.0.1.example.com` does, a forward too."""
    return url.startswith("unix:") or (_names_loopback(url) and forwarded(url) is None)


def _names_loopback(url: str) -> bool:
    host = host_of(url)
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


def is_here(url: str) -> bool:
    """Whether a URL leads to this machine, by whichever of its names and addresses."""
    if forwarded(url) is not None:
        return False
    return is_loopback(url) or host_of(url) in _own_names() | _EVERYWHERE


def host_of(url: str) -> str:
    """The host of a URL, an IPv6 address without brackets."""
    return (urlsplit(url).hostname or "").rstrip(".")


@cache
def _own_names() -> frozenset[str]:
    """The host name, with and without its domain, and the addresses of all interfaces."""
    name = socket.gethostname().lower()
    addresses = [each.address for some in psutil.net_if_addrs().values() for each in some]
    return frozenset({name, name.partition(".")[0], *(each.split("%")[0] for each in addresses)})
