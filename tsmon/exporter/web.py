"""Answers Prometheus' scrapes over HTTP, each in a thread."""

from __future__ import annotations

import socket
from socketserver import TCPServer, ThreadingMixIn
from threading import Thread
from typing import TYPE_CHECKING, Self
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import make_wsgi_app

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

LONGEST_S = 30.0
"""A client that sends or takes nothing for so long is let go of."""
_POLL_S = 0.1
"""How soon it ends when it is to."""


class _Handler(WSGIRequestHandler):
    """Reports no request, as Prometheus makes one every few seconds."""

    timeout = LONGEST_S

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name there)
        pass


class _Server(ThreadingMixIn, WSGIServer):
    """A thread for each scrape, so that a slow client keeps no other waiting."""

    daemon_threads = True

    def server_bind(self) -> None:
        # That of `HTTPServer` asks a name server for the name of the address.
        TCPServer.server_bind(self)
        host, self.server_port = self.server_address[:2]
        self.server_name = str(host)
        self.setup_environ()

    def handle_error(self, request: object, client_address: object) -> None:
        """Report nothing: a client that went away is no fault of the exporter."""


class MetricsServer:
    """Listens from the beginning, and answers as a context manager."""

    def __init__(self, registry: Collector, host: str, port: int) -> None:
        """With port 0 at a free one.

        Raises:
            OSError: it cannot listen there.
        """
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        server_class = type("_Server", (_Server,), {"address_family": family})
        self._server: _Server = server_class(address[:2], _Handler)
        self._server.set_app(make_wsgi_app(registry))

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, args=(_POLL_S,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
