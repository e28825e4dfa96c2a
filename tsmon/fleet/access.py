"""From the settings of a server to a client for it, the same for commands and screens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from msgspec import Struct

from tsmon.logs.places import LogPlace, parse_log_place
from tsmon.serving.contained import ContainedServer
from tsmon.serving.errors import ServingError
from tsmon.serving.home import Home
from tsmon.serving.record import ServerRecord
from tsmon.serving.running import find_running
from tsmon.serving.servers_here import RunningServer, server_listening
from tsmon.torchserve.addresses import (
    DEFAULT_HOST,
    MANAGEMENT_PORT,
    Addresses,
    Base,
    port_of,
    same_listener,
)
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.errors import InvalidArgument
from tsmon.torchserve.grpc import addresses as grpc_addresses
from tsmon.torchserve.grpc.packages import require_grpc
from tsmon.torchserve.grpc.schemes import is_grpc
from tsmon.torchserve.route import Route
from tsmon.torchserve.tokens import KeyRing

if TYPE_CHECKING:
    from tsmon.config.schema import FleetSettings, ServerSettings
    from tsmon.logs.places import LogPlace
    from tsmon.telemetry.prometheus.client import Prometheus
    from tsmon.torchserve.grpc.client import GrpcTorchServe

OwnServer = Callable[[], ServerRecord | None]
"""Gives what is known of the server that `tsmon serve` starts, while it runs."""
FindServer = Callable[..., RunningServer | ContainedServer | None]
"""Gives the server of this machine to which one of some base URLs leads."""


def own_server(folder: Path | None = None) -> ServerRecord | None:
    """What is known of the server of a home folder while it runs."""
    try:
        return find_running(Home.at(folder))
    except ServingError:
        return None


def owns_keys(path: Path, addresses: Addresses) -> bool:
    """Whether a key file is that of the server at these addresses, and tsmon started it."""
    path = path.absolute().resolve()
    try:
        record = ServerRecord.load(Home(path.parent).record)
    except ServingError:
        return False
    if record is None or record.key_file != path:
        return False
    return same_listener(record.management, addresses.management)


def key_ring(path: Path | None, addresses: Addresses, *, was_meant: bool = True) -> KeyRing:
    """The keys in a file, renewed before they end where tsmon started the server.

    Unless the file `was_meant` for the server at these addresses they go to loopback alone.
    """
    own = path is not None and owns_keys(path, addresses)
    return KeyRing(path, addresses if was_meant else None, own=own)


def prometheus_client(
    fleet: FleetSettings, transport: httpx.AsyncBaseTransport | None = None
) -> Prometheus:
    """A client for the Prometheus server of these settings; to be closed.

    Raises:
        InvalidArgument: a setting is not a valid address, or cannot be used.
    """
    from tsmon.telemetry.prometheus.client import Prometheus

    route = Route(
        False if fleet.insecure else str(fleet.ca_file or "") or True,
        str(fleet.client_cert or ""),
        str(fleet.client_key or ""),
        dict(fleet.headers),
        str(fleet.bearer_file or ""),
        fleet.proxy,
        fleet.username,
        str(fleet.password_file or ""),
    )
    return Prometheus(fleet.prometheus, route=route, transport=transport)


class Access(Struct, frozen=True):
    """How a server is reached; `own` is only asked where the settings leave something open."""

    settings: ServerSettings
    own: OwnServer
    management_url: str = ""
    """The management address where `settings.url` names only the host of all three."""
    key_was_meant: bool = True
    """Whether the key file was named for this server; otherwise it goes to loopback alone."""
    read_only: bool = False
    """Whether nothing may be changed, whatever the settings say."""
    find: FindServer = server_listening

    @property
    def addresses(self) -> Addresses:
        """The addresses that the settings mean; where they name none, those of the own server.

        What they leave open of a server of this machine comes from its process or container. Of
        pods it blocks until one is forwarded.

        Raises:
            InvalidArgument: a setting is not a valid address.
            Unreachable: it names pods of which none can be forwarded.
        """
        return self._addresses_found()[0]

    def _addresses_found(self) -> tuple[Addresses, bool]:
        """The addresses, and whether those of two APIs are a guess from that of the third."""
        settings = self.settings
        if settings.kube:
            from tsmon.fleet.pods import followed_by

            return followed_by(settings, self.management_url).server.addresses, False
        single = (settings.inference_url, self.management_url, settings.metrics_url)
        guessed = Addresses.from_server(
            settings.url or None, inference=single[0], management=single[1], metrics=single[2]
        )
        if all(single) or Base.parse(settings.url or DEFAULT_HOST).is_behind_proxy:
            return guessed, False
        known = self._known(guessed, single)
        if known is not None:
            return known.with_given(*single), False
        usual = port_of(guessed.management) == MANAGEMENT_PORT
        return guessed, bool(settings.url) and not any(single) and not usual

    def _known(self, guessed: Addresses, single: tuple[str, str, str]) -> Addresses | None:
        """All addresses of the server of this machine that the settings mean."""
        given = [url for url, named in zip(guessed.all, single, strict=True) if named]
        given += [guessed.management] if self.settings.url else []
        if not given:
            own = self.own()
            return own.addresses if own is not None else None
        found = self.find(*given)
        return found.addresses.named_as(given[-1]) if found is not None else None

    @property
    def over_grpc(self) -> bool:
        """Whether one of the addresses says that it is one of gRPC."""
        settings = self.settings
        given = (settings.url, settings.inference_url, self.management_url)
        return any(map(is_grpc, given))

    @property
    def grpc_addresses(self) -> Addresses:
        """The addresses of gRPC that the settings mean, else those that belong to the HTTP ones.

        Raises:
            InvalidArgument: a setting is not a valid address.
        """
        settings = self.settings
        if settings.kube:
            raise InvalidArgument("gRPC does not work with kube", "leave out --grpc")
        named = (settings.url, self.management_url, settings.inference_url)
        over_grpc = [url for url in named if is_grpc(url)]
        inference = settings.inference_url if settings.inference_url in over_grpc else ""
        management = self.management_url if self.management_url in over_grpc else ""
        if over_grpc:
            addresses = grpc_addresses.of_server(over_grpc[0])
        else:
            http = self.addresses
            found = self.find(http.management)
            addresses = (found and found.grpc) or grpc_addresses.beside(http)
        return grpc_addresses.with_given(
            addresses,
            inference or settings.grpc_inference_url,
            management or settings.grpc_management_url,
        )

    def key_ring(self, addresses: Addresses) -> KeyRing:
        """The keys of the file named, else of the own server there, else of ./key_file.json."""
        if self.settings.key_file:
            return key_ring(self.settings.key_file, addresses, was_meant=self.key_was_meant)
        record = self.own()
        if record is not None and same_listener(record.management, addresses.management):
            return key_ring(record.key_file, record.addresses)
        found = self.find(addresses.management)
        if found is not None and found.key_file is not None:
            return key_ring(found.key_file, found.addresses)
        here = Path("key_file.json")
        path = here.absolute() if here.is_file() and addresses.is_local else None
        return key_ring(path, addresses, was_meant=False)

    @property
    def route(self) -> Route:
        """What it takes to reach the server besides its addresses.

        Raises:
            InvalidArgument: a setting cannot be used.
        """
        settings = self.settings
        return Route(
            self.verify,
            str(settings.client_cert or ""),
            str(settings.client_key or ""),
            dict(settings.headers),
            str(settings.bearer_file or ""),
            settings.proxy,
        )

    @property
    def verify(self) -> bool | str:
        """Whether https certificates are checked, or the file of the authority to check by."""
        if self.settings.insecure:
            return False
        return str(self.settings.ca_file or "") or True

    @property
    def log_place(self) -> LogPlace | None:
        """Where the server's logs are, as far as the settings say so.

        Raises:
            InvalidArgument: they name no folder or container.
        """
        return parse_log_place(self.settings.logs) if self.settings.logs else None

    @property
    def log_zone(self) -> tzinfo | None:
        """The zone of the stamps in its logs, as far as the settings say so.

        Raises:
            InvalidArgument: they name no zone.
        """
        if not self.settings.log_zone:
            return None
        from tsmon.logs.time_zone import parse_zone

        return parse_zone(self.settings.log_zone)

    def client(self, transport: httpx.AsyncBaseTransport | None = None) -> TorchServe:
        """A client for the server; to be closed. `transport` None is the network.

        Raises:
            InvalidArgument: a setting is not a valid address, or the certificates cannot be read.
        """
        addresses, guessed = self._addresses_found()
        return TorchServe(
            addresses,
            self.key_ring(addresses),
            read_only=self.read_only or self.settings.read_only,
            route=self.route,
            transport=transport,
            guessed=guessed and transport is None,
        )

    def grpc_client(self) -> GrpcTorchServe:
        """A client for the server over gRPC; to be closed.

        Raises:
            InvalidArgument: a setting is not a valid address, or the extra is not installed.
        """
        require_grpc()
        from tsmon.torchserve.grpc.client import GrpcTorchServe

        addresses = self.grpc_addresses
        read_only = self.read_only or self.settings.read_only
        known = self.key_ring(addresses if self.over_grpc else self.addresses)
        keys = KeyRing(known.path, addresses if known.owner else None)
        http = None
        if known.own and known.owner is not None:
            http = TorchServe(known.owner, known, read_only=read_only, route=self.route)
        return GrpcTorchServe(addresses, keys, read_only=read_only, route=self.route, http=http)
