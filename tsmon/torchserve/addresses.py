"""Where a server's three APIs are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from tsmon.torchserve.errors import InvalidArgument

INFERENCE_PORT = 8080
MANAGEMENT_PORT = 8081
METRICS_PORT = 8082
DEFAULT_HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Addresses:
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
        port one higher, as in TorchServe's defaults. A single option wins over it.

        Raises:
            InvalidArgument: an address is no http(s) URL or host[:port].
        """
        base = Base.parse(server or DEFAULT_HOST)
        port = MANAGEMENT_PORT if base.port is None else base.port
        return cls(
            inference=base_url(inference) if inference else base.url(port - 1),
            management=base_url(management) if management else base.url(port),
            metrics=base_url(metrics) if metrics else base.url(port + 1),
        )

    @property
    def label(self) -> str:
        """The management address without its scheme: what a person calls the server."""
        return self.management.partition("://")[2]

    @property
    def is_local(self) -> bool:
        """Whether the server is on this machine, so that its files and processes can be read."""
        host = urlsplit(self.management).hostname or ""
        return host in {"localhost", "::1"} or host.startswith("127.")


@dataclass(frozen=True, slots=True)
class Base:
    """Scheme, host and, where given, port of an address."""

    scheme: str
    host: str
    port: int | None

    @classmethod
    def parse(cls, text: str) -> Base:
        """Read `host`, `host:port` or `http(s)://host[:port]`.

        Raises:
            InvalidArgument: it is none of these.
        """
        stripped = text.strip()
        try:
            parts = urlsplit(stripped if "://" in stripped else f"http://{stripped}")
            host, port = parts.hostname or "", parts.port
            base = cls(parts.scheme, f"[{host}]" if ":" in host else host, port)
            httpx.URL(f"{base.scheme}://{base.host}")  # the client's own rules for a host
        except (ValueError, httpx.InvalidURL) as error:
            raise InvalidArgument(f"{text!r} is no address: {error}", _ADDRESS_HINT) from None
        more = "@" in parts.netloc or parts.path not in {"", "/"} or parts.query or parts.fragment
        if parts.scheme not in {"http", "https"} or not _HOST.fullmatch(host) or more:
            raise InvalidArgument(f"{text!r} is no address", _ADDRESS_HINT)
        return base

    def url(self, port: int) -> str:
        """The base URL on this host with another port."""
        if not 0 < port < 65536:
            raise InvalidArgument(f"port {port} does not exist", _ADDRESS_HINT)
        return f"{self.scheme}://{self.host}:{port}"


_HOST = re.compile(r"[\w.:-]+", re.ASCII)
_ADDRESS_HINT = "write it as host, host:port or http://host:port"


def base_url(text: str) -> str:
    """The base URL an address means; without a port the scheme's own one.

    Raises:
        InvalidArgument: it is no address.
    """
    base = Base.parse(text)
    if base.port is None:
        return f"{base.scheme}://{base.host}"
    return base.url(base.port)
