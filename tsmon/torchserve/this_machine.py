"""The names and addresses by which this machine is meant."""

from __future__ import annotations

import socket
from contextlib import suppress
from functools import cache
from ipaddress import ip_address
from urllib.parse import urlsplit

import psutil

_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 (where others listen, not ours)


def is_loopback(url: str) -> bool:
    """Whether a URL never leaves this machine; `127.0.0.1.example.com` does."""
    if url.startswith("unix:"):
        return True
    host = host_of(url)
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


def is_here(url: str) -> bool:
    """Whether a URL leads to this machine, by whichever of its names and addresses."""
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
