"""Where a server's three APIs are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
from msgspec import Struct

from tsmon.torchserve.errors import InvalidArgument
from tsmon.torchserve.this_machine import forwarded, is_here
from tsmon.untrusted.secrets import masked_address

INFERENCE_PORT = 8080
MANAGEMENT_PORT = 8081
METRICS_PORT = 8082
DEFAULT_HOST = "127.0.0.1"
HTTP_PORT, _HTTPS_PORT = 80, 443


class Addresses(Struct, frozen=True):
    """The base URLs of the inference, management and metrics API, without a trailing slash."""

    inference: str = f"http://{DEFAULT_HOST}:{INFERENCE_PORT}"
    management: str = f"http://{DEFAULT_HOST}:{MANAGEMENT_PORT}"
    metrics: str = f"http://{DEFAULT_HOST}:{METRICS_PORT}"

    @classmethod
    def from_server(
        cls,
        server: str | None = None,
        *,
        inference: str | None = None,
        management: str | None = None,
        metrics: str | None = None,
    ) -> Addresses:
        """The addresses that `--server` and the three single options mean.

        A port in `server` is the management port; the inference port is one lower and the metrics
        port one higher, as in TorchServe's defaults. Where it has a path, or is a socket, all three
        are there. A single option wins over it.

        Raises:
            InvalidArgument: an address is no http(s) URL or host[:port].
        """
        base = Base.parse(server or DEFAULT_HOST)
        if base.path:
            together = cls(base.address, base.address, base.address)
            return together.with_given(inference or "", management or "", metrics or "")
        port = MANAGEMENT_PORT if base.port is None else base.port
        return cls(
            inference=base_url(inference) if inference else base.url(port - 1),
            management=base_url(management) if management else base.url(port),
            metrics=base_url(metrics) if metrics else base.url(port + 1),
        )

    @property
    def all(self) -> tuple[str, str, str]:
        """The three of them."""
        return self.inference, self.management, self.metrics

    def with_given(self, inference: str, management: str, metrics: str) -> Addresses:
        """The same with those of these that are not empty in place of its own."""
        given = zip((inference, management, metrics), self.all, strict=True)
        return Addresses(*(base_url(url) if url else own for url, own in given))

    def named_as(self, url: str) -> Addresses:
        """The same, at the host of this URL where they are encrypted: certificates name it."""
        host = Base.parse(url).host
        bases = ((each, Base.parse(each)) for each in self.all)
        return Addresses(
            *(
                Base("https", host, None).url(port_of(each)) if base.scheme == "https" else each
                for each, base in bases
            )
        )

    @property
    def label(self) -> str:
        """What a person calls the server: its management address without the scheme, or its pod."""
        to = forwarded(self.management)
        return to.name() if to is not None else without_scheme(self.management)

    @property
    def is_local(self) -> bool:
        """Whether the server is on this machine, so that its files and processes can be read."""
        return is_here(self.management)

    @property
    def origins(self) -> frozenset[str]:
        """What a key of this server may be sent to."""
        return frozenset(map(origin, self.all))

    @property
    def unencrypted(self) -> Iterator[str]:
        """The addresses that take a key, and over which anybody on the way can read it."""
        for url in (self.inference, self.management):
            plain = url.startswith(("http://", "grpc://"))
            if plain and not is_here(url) and forwarded(url) is None:  # a forward is encrypted
                yield url


class Base(Struct, frozen=True):
    """Scheme, host and, where given, port and path of an address."""

    scheme: str
    host: str
    port: int | None
    path: str = ""
    """That of a proxy, before those of the API; of a unix socket, where it is."""

    @classmethod
    def parse(cls, text: str, schemes: tuple[str, ...] = ("http", "https")) -> Base:
        """Read `host`, `host:port`, `http(s)://host[:port][/path]` or `unix:/path`.

        Raises:
            InvalidArgument: it is not one of these.
        """
        stripped, shown = text.strip(), masked_address(text)
        if stripped.startswith(SOCKET):
            return cls._socket(stripped.removeprefix(SOCKET))
        if "@" in stripped:
            raise InvalidArgument(f"{shown!r} is not a TorchServe address", _NO_PASSWORD)
        try:
            parts = urlsplit(stripped if "://" in stripped else f"http://{stripped}")
            host, port = parts.hostname or "", parts.port
            path = parts.path.rstrip("/")
            base = cls(parts.scheme, f"[{host}]" if ":" in host else host, port, path)
            httpx.URL(f"{base.scheme}://{base.host}")  # the client's own rules for a host
        except (ValueError, httpx.InvalidURL) as error:
            raise InvalidArgument(
                f"{shown!r} is not a valid address: {error}", _ADDRESS_HINT
            ) from None
        more = not _PATH.fullmatch(path) or parts.query or parts.fragment
        if parts.scheme not in schemes or not _HOST.fullmatch(host) or more:
            raise InvalidArgument(f"{shown!r} is not a valid address", _ADDRESS_HINT)
        return base

    def url(self, port: int) -> str:
        """The base URL on this host with another port."""
        if not 0 < port < 65536:
            raise InvalidArgument(f"{port} is not a valid port", _ADDRESS_HINT)
        return f"{self.scheme}://{self.host}:{port}{self.path}"

    @property
    def is_behind_proxy(self) -> bool:
        """Whether it has a path, which a TorchServe itself does not have."""
        return bool(self.path) and self.scheme != "unix"

    @property
    def address(self) -> str:
        """The base URL; without a port the scheme's own one."""
        if self.scheme == "unix":
            return f"{SOCKET}{self.path}"
        return (
            f"{self.scheme}://{self.host}{self.path}" if self.port is None else self.url(self.port)
        )

    @classmethod
    def _socket(cls, path: str) -> Base:
        if not path.startswith("/") or not path.isprintable():
            raise InvalidArgument(f"{SOCKET}{path} is not a valid address", "use unix:/path/of/it")
        return cls("unix", "", None, path)


SOCKET = "unix:"
_HOST = re.compile(r"[\w.:-]+", re.ASCII)
_PATH = re.compile(r"(/[\w.~!$&'()*+,;=:%-]+)*", re.ASCII)
_ADDRESS_HINT = "use host, host:port or http://host:port"
_NO_PASSWORD = (
    "TorchServe has no user name and password, and its key uses the same header: leave them out, "
    "and pass its key_file.json with --key-file"
)


def base_url(text: str) -> str:
    """The base URL an address means; without a port the scheme's own one.

    Raises:
        InvalidArgument: it is not a valid address.
    """
    return Base.parse(text).address


def without_scheme(url: str) -> str:
    """A base URL as a person calls it; that of a socket as it is."""
    return url.rpartition("://")[2]


def same_listener(one: str, other: str) -> bool:
    """Whether two base URLs lead to the same port of the same machine."""
    sockets = one.startswith(SOCKET) or other.startswith(SOCKET)
    if sockets or not (is_here(one) and is_here(other)):
        return origin(one) == origin(other)
    return port_of(one) == port_of(other)


def port_of(url: str) -> int:
    """The port of a base URL."""
    parts = urlsplit(url)
    return parts.port or (_HTTPS_PORT if parts.scheme == "https" else HTTP_PORT)


def origin(url: str) -> str:
    """Scheme, host and port of a URL; two URLs of one origin reach the same listener."""
    if url.startswith(SOCKET):
        return url
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}:{port_of(url)}"
