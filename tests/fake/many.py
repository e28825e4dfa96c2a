"""Several fakes at addresses of their own, behind one transport."""

from __future__ import annotations

import httpx

from tests.fake.server import FakeTorchServe
from tsmon.config.schema import ServerSettings
from tsmon.torchserve.addresses import Addresses


class ManyServers:
    """Fakes by name; each is `http://NAME:8081`."""

    def __init__(self, *names: str) -> None:
        self.fakes = {
            name: FakeTorchServe(addresses=Addresses.from_server(f"{name}:8081")) for name in names
        }
        self._transports = {name: fake.transport() for name, fake in self.fakes.items()}

    def __getitem__(self, name: str) -> FakeTorchServe:
        return self.fakes[name]

    def transport(self) -> httpx.MockTransport:
        """What carries requests to all of them; other hosts refuse connections."""
        return httpx.MockTransport(self._handle)

    def settings(self) -> dict[str, ServerSettings]:
        """A configuration of them all."""
        return {name: ServerSettings(url=f"http://{name}:8081") for name in self.fakes}

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        transport = self._transports.get(request.url.host)
        if transport is None:
            raise httpx.ConnectError("All connection attempts failed", request=request)
        return await transport.handle_async_request(request)
