"""gRPC channels to one of the server's APIs: how they are made, from what a route says."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import certifi
import grpc
from grpc import aio

from tsmon.threads import in_thread
from tsmon.torchserve.addresses import port_of
from tsmon.torchserve.errors import InvalidArgument
from tsmon.torchserve.grpc.schemes import ENCRYPTED
from tsmon.torchserve.unreachable import unreachable
from tsmon.units import MIB
from tsmon.untrusted.files import read_text

if TYPE_CHECKING:
    from tsmon.torchserve.route import Route

CONNECT_TIMEOUT_S = 5.0
_MOST_CERTIFICATE_BYTES = 4 * MIB


async def channels(
    url: str, route: Route, most_bytes: int, more: Sequence[tuple[str, Any]] = ()
) -> Callable[[], Any]:
    """Makes channels to a base URL, with `more` options of gRPC; each connects when it is used.

    Raises:
        InvalidArgument: the route goes by what gRPC cannot go by, or names files that cannot be
            read.
        Unreachable: the certificate of an `insecure` server could not be had.
    """
    if route.proxy:
        raise InvalidArgument("gRPC does not go through an HTTP proxy", "use HTTP for this server")
    at = url.partition("://")[2]
    options: list[tuple[str, Any]] = [
        ("grpc.enable_http_proxy", 0),
        ("grpc.max_receive_message_length", most_bytes),
        ("grpc.max_send_message_length", -1),
        ("grpc.primary_user_agent", "tsmon"),
        *more,
    ]
    if not url.startswith(f"{ENCRYPTED}:"):
        return lambda: aio.insecure_channel(at, options)
    authority, name = await _authority(url, route)
    if name:
        options.append(("grpc.ssl_target_name_override", name))
    key = _read(route.client_key or route.client_cert) if route.client_cert else None
    chain = _read(route.client_cert) if route.client_cert else None
    credentials = grpc.ssl_channel_credentials(authority, key, chain)
    return lambda: aio.secure_channel(at, credentials, options)


async def _authority(url: str, route: Route) -> tuple[bytes, str]:
    """The certificates that count, and the name to look for in the server's if not its host's.

    gRPC always checks; where the route does not want that, the server's own certificate is the one
    that counts.
    """
    if route.verify is False:
        return await in_thread(lambda: _certificate_of(url))
    file = route.verify if isinstance(route.verify, str) else certifi.where()
    return _read(file), ""


def _certificate_of(url: str) -> tuple[bytes, str]:
    """The certificate a server shows, and a name in it."""
    at = urlsplit(url).hostname or "", port_of(url)
    try:
        shown = ssl.get_server_certificate(at, timeout=CONNECT_TIMEOUT_S)
        context = ssl.create_default_context(cadata=shown)
        context.check_hostname = False
        context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
        with (
            socket.create_connection(at, CONNECT_TIMEOUT_S) as plain,
            context.wrap_socket(plain, server_hostname=at[0]) as encrypted,
        ):
            facts: dict[str, Any] = dict(encrypted.getpeercert() or {})
    except OSError as error:
        raise unreachable(url, str(error)) from None
    return shown.encode(), next((str(pair[1]) for pair in facts.get("subjectAltName", ())), "")


def _read(file: str) -> bytes:
    try:
        return read_text(Path(file), _MOST_CERTIFICATE_BYTES).encode()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", "") or error
        raise InvalidArgument(f"cannot read the certificates in {file}: {reason}") from None
