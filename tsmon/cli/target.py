"""Which server a command talks to: the options that say so, and what is found when none do.

What talks to servers is imported when it is asked for: most of tsmon stands behind it, and help, a
completion or `tsmon config` need none of that.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct, field, structs

from tsmon.cli.output import complain
from tsmon.config.files import Loaded
from tsmon.config.schema import FleetSettings, ServerSettings
from tsmon.config.trust import NotTrusted
from tsmon.torchserve.errors import ReadOnly
from tsmon.torchserve.grpc.schemes import is_grpc

if TYPE_CHECKING:
    import httpx

    from tsmon.fleet.access import Access
    from tsmon.logs.places import LogPlace
    from tsmon.serving.container_server import ContainerServer
    from tsmon.serving.home import Home
    from tsmon.serving.local_server import LocalServer
    from tsmon.serving.record import ServerRecord
    from tsmon.telemetry.limits.watch import LimitWatch
    from tsmon.torchserve.addresses import Addresses
    from tsmon.torchserve.client import TorchServe
    from tsmon.torchserve.tokens import KeyRing


FLEET_WITHOUT_PROMETHEUS = ("job", "file_sd", "kube", "kube_context", "period")
"""The settings of the fleet that are not about one Prometheus server."""


class Target(Struct):
    """The server options as given; an option after the command wins over one before it."""

    server: str | None = None
    inference_url: str | None = None
    management_url: str | None = None
    metrics_url: str | None = None
    kube: str | None = None
    kube_context: str | None = None
    key_file: Path | None = None
    ca_file: Path | None = None
    insecure: bool = False
    read_only: bool = False
    grpc: bool = False
    home: Path | None = None
    logs: LogPlace | None = None
    log_zone: str | None = None
    key_was_meant: bool = True
    """Whether the key file and this server were named together."""
    server_by_file: bool = False
    """Whether a configuration file names the server, and no option or variable."""
    transport: httpx.AsyncBaseTransport | None = None
    """What carries the requests; None is the network."""
    loaded: Loaded = field(default_factory=Loaded)
    """The configuration files."""
    given: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The options of the command line that say which server is meant, as words."""

    @property
    def name(self) -> str:
        """What the configuration calls the server; empty where it does not know it."""
        if self.kube and self.server_by_file:
            return ""
        return self.server if self.server and self.server in self.loaded.config.servers else ""

    @property
    def settings(self) -> ServerSettings:
        """What the configuration says of the server, and the options, which win over it.

        Raises:
            NotTrusted: that depends on a project's file which was not trusted.
        """
        self.require_trust()
        url = "" if self.kube and self.server_by_file else self.server or ""
        named = self.loaded.config.servers.get(self.name, ServerSettings(url=url))
        given: dict[str, Any] = {
            "inference_url": self.inference_url,
            "metrics_url": self.metrics_url,
            "kube": self.kube,
            "kube_context": self.kube_context,
            "key_file": self.key_file,
            "ca_file": self.ca_file,
            "insecure": self.insecure,
            "read_only": self.read_only,
            "log_zone": self.log_zone,
        }
        return replace(named, **{name: value for name, value in given.items() if value})

    def fleet_settings(self, prometheus: str = "") -> FleetSettings:
        """What the configuration says of the fleet, with this Prometheus server if one is named.

        The options say what its https certificate is checked by where the configuration does not.
        Headers, tokens and passwords go to no other server than the one that is named beside them.
        """
        fleet = self.loaded.config.fleet
        if prometheus not in ("", fleet.prometheus):
            kept = {name: getattr(fleet, name) for name in FLEET_WITHOUT_PROMETHEUS}
            fleet = FleetSettings(prometheus, **kept)
        return replace(
            fleet,
            ca_file=fleet.ca_file or self.ca_file,
            insecure=fleet.insecure or self.insecure,
        )

    @property
    def access(self) -> Access:
        """How the server is reached."""
        from tsmon.fleet.access import Access

        settings = self.settings
        access = Access(settings, self.own_server, self.management_url or "", self._key_was_meant)
        return access if self.transport is None else structs.replace(access, find=_nowhere)

    @property
    def over_grpc(self) -> bool:
        """Whether the server is asked over gRPC: by the option, or by an address of it."""
        named = self.loaded.config.servers.get(self.name, ServerSettings())
        given = (self.server, self.inference_url, self.management_url)
        return self.grpc or any(map(is_grpc, (*given, named.url, named.inference_url)))

    @property
    def _key_was_meant(self) -> bool:
        """Whether who named the key file named the server: a project's file is someone else."""
        if self.key_file is None or not self.server_by_file:
            return self.key_was_meant
        loaded = self.loaded
        return not (loaded.is_projects("server") or loaded.is_projects("servers", self.name))

    @property
    def limits(self) -> LimitWatch:
        """What the configuration says that numbers of models must not be."""
        from tsmon.telemetry.limits.limit import read_limits
        from tsmon.telemetry.limits.watch import LimitWatch

        return LimitWatch(read_limits(self.loaded.config.limits))

    @property
    def log_place(self) -> LogPlace | None:
        """Where the server's logs are, as far as anybody said so.

        Raises:
            InvalidArgument: the configuration names no folder or container.
        """
        return self.logs or self.access.log_place

    @property
    def names_server(self) -> bool:
        """Whether an option or the configuration says which server is meant."""
        urls = (self.server, self.inference_url, self.management_url, self.metrics_url)
        return any((*urls, self.kube))

    @property
    def needs_trust(self) -> bool:
        """Whether a project's file that was not trusted decides which server is meant."""
        withheld = self.loaded.withheld
        urls = (self.inference_url, self.management_url, self.metrics_url, self.kube)
        by_user = any(urls) or bool(self.server and not self.server_by_file)
        by_project = not by_user and ("server",) in withheld
        return by_project or any(key[:2] == ("servers", self.server) for key in withheld)

    def require_trust(self) -> None:
        """Refuse to go where a project's file points before someone said that it may.

        Raises:
            NotTrusted: it decides which server is meant.
        """
        if self.needs_trust and self.loaded.project is not None:
            raise NotTrusted(self.loaded.project)

    @property
    def own_home(self) -> Home:
        """The home folder of the server that `tsmon serve` starts."""
        from tsmon.serving.home import Home

        return Home.at(self.home)

    def home_for(self, name: str | None, *, container: bool) -> Home:
        """Where a server of that name lives: beside the home's own, where that is another one."""
        home = self.own_home
        if name is None:
            return home
        beside = home.beside(name)
        if beside.record.exists() or not container:
            return beside
        own = self.own_server()
        return home if own is None or own.container == name else beside

    def local_server(self, home: Home | None = None) -> LocalServer:
        """The server that `tsmon serve` starts, whether it runs or not."""
        from tsmon.serving.local_server import LocalServer

        path = home.path if home is not None else self.home
        return LocalServer(path, read_only=self.settings.read_only)

    def container_server(self, home: Home | None = None) -> ContainerServer:
        """The same, in a container."""
        from tsmon.serving.container_server import ContainerServer

        path = home.path if home is not None else self.home
        return ContainerServer(path, read_only=self.settings.read_only)

    def refuse_when_read_only(self) -> None:
        """End a command that changes a server before it does anything.

        Raises:
            ReadOnly: an option or the configuration says so.
        """
        if self.settings.read_only:
            raise ReadOnly

    def own_server(self) -> ServerRecord | None:
        """What is known of that server while it runs."""
        from tsmon.fleet.access import own_server

        self.require_trust()
        return own_server(self.home)

    def addresses(self) -> Addresses:
        """The addresses that the options mean; without any, those of the server of the home folder.

        Raises:
            InvalidArgument: an option is no address.
        """
        return self.access.addresses

    def key_ring(self, addresses: Addresses) -> KeyRing:
        """The keys of the file named, else of the own server there, else of ./key_file.json."""
        return self.access.key_ring(addresses)

    def model_store(self, addresses: Addresses) -> Path | None:
        """The model store of the server at these addresses, where it is known."""
        own = self._own_at(addresses)
        return own.model_store if own is not None else None

    def archive_url(self, archive: str, addresses: Addresses) -> str:
        """What the server at these addresses needs to be given to find an archive.

        Raises:
            ArchiveError: it is in a container and does not see the archive.
        """
        from tsmon.serving.archive_url import archive_url

        own = self._own_at(addresses)
        store, container = (own.model_store, own.container) if own is not None else (None, "")
        return archive_url(archive, store, local=addresses.is_local, container=container)

    def _own_at(self, addresses: Addresses) -> ServerRecord | None:
        from tsmon.torchserve.addresses import same_listener

        own, management = self.own_server(), addresses.management
        if is_grpc(management):
            found = self.access.find(management)
            management = found.addresses.management if found is not None else management
        if own is None or not same_listener(own.management, management):
            return None
        return own

    @property
    def verify(self) -> bool | str:
        """Whether https certificates are checked, or the file of the authority to check by."""
        return self.access.verify

    def client(self, *, hints: bool = True) -> TorchServe:
        """A client for the server; use it as an async context manager.

        With `hints` it is said first what killed experiments left there.
        """
        access = self.access
        client = access.grpc_client() if self.over_grpc else access.client(self.transport)
        if hints:
            if note := self.pod_note():
                complain(note, "`tsmon fleet --kube NAMESPACE/SELECTOR` shows all of them")
            self._say_what_was_left(client.addresses.label)
        return client

    def show_pods_in_fleet(self) -> None:
        """Have the fleet show all pods that --kube means."""
        if not self.kube:
            return
        config = self.loaded.config
        kube = tuple(dict.fromkeys((*config.fleet.kube, self.kube)))
        context = self.kube_context or config.fleet.kube_context
        fleet = replace(config.fleet, kube=kube, kube_context=context)
        self.loaded = replace(self.loaded, config=replace(config, fleet=fleet))

    def pod_note(self) -> str:
        """Which of several pods is meant; empty where there is one, or it is no pod."""
        settings = self.settings
        if not settings.kube:
            return ""
        from tsmon.fleet.pods import followed_by

        found = followed_by(settings)
        count = found.others + 1
        return f"{found.server.pod.label} is one of {count} pods that match" if count > 1 else ""

    def _say_what_was_left(self, server: str) -> None:
        """Say of killed experiments on a server."""
        if not any(self.own_home.unfinished.glob("*.json")):
            return
        from tsmon.load.experiment.unfinished import abandoned_on
        from tsmon.untrusted.shell import shell_line

        options = [word for words in self.given.values() for word in words]
        reported: set[str] = set()
        for note in abandoned_on(server, self.home):
            if note.model in reported:
                continue
            reported.add(note.model)
            command = ["tsmon", "experiment", note.model, "--restore", *options]
            complain(note.words, f"`{shell_line(command)}` restores it")


def _nowhere(*_urls: str) -> None:
    """Finds no server of this machine: requests do not go over its network."""


pass_target = click.make_pass_decorator(Target, ensure=True)
