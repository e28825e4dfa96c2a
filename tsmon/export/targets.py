"""From the servers that tsmon knows to what Prometheus scrapes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from msgspec import Struct

from tsmon.torchserve.addresses import SOCKET, Addresses, port_of

if TYPE_CHECKING:
    from tsmon.config.schema import ServerSettings

JOB = "torchserve"
"""The job of every TorchServe; alerts about scrapes go by it."""
EXPORTER_JOB, EXPORTER_PORT = "tsmon", 10082
METRICS_PATH = "/metrics"


class ScrapeTarget(Struct, frozen=True):
    """The metrics address of a TorchServe, and how Prometheus gets there."""

    address: str
    """`host:port`."""
    server: str = ""
    """Its label `server`, which the exporter beside it has too."""
    option: str = ""
    """What `--server` calls it; empty for the server that is meant without."""
    scheme: str = "http"
    path: str = METRICS_PATH
    way: Mapping[str, Any] = {}
    """Further settings of the job: TLS, bearer token, proxy."""

    @property
    def group(self) -> dict[str, Any]:
        """It as Prometheus lists targets."""
        return {"targets": [self.address], "labels": {"server": self.server or self.address}}

    @property
    def job_settings(self) -> dict[str, Any]:
        """What its job needs besides its targets; targets with the same share a job."""
        settings: dict[str, Any] = {}
        if self.scheme != "http":
            settings["scheme"] = self.scheme
        if self.path != METRICS_PATH:
            settings["metrics_path"] = self.path
        return {**settings, **self.way}


def scrape_target(settings: ServerSettings, name: str = "") -> ScrapeTarget | None:
    """The target of a server; None where Prometheus cannot reach it, as through a socket.

    Raises:
        InvalidArgument: its settings have no valid address.
    """
    addresses = Addresses.from_server(settings.url or None, metrics=settings.metrics_url or None)
    if addresses.metrics.startswith(SOCKET):
        return None
    parts = urlsplit(addresses.metrics)
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    return ScrapeTarget(
        f"{shown}:{port_of(addresses.metrics)}",
        name,
        name or settings.url,
        parts.scheme,
        f"{parts.path}{METRICS_PATH}",
        _way(settings, parts.scheme),
    )


def exporters_beside(targets: Iterable[ScrapeTarget]) -> tuple[ScrapeTarget, ...]:
    """An exporter on the host of each server, at the default port or one of the next."""
    on_host: Counter[str] = Counter()
    exporters = []
    for target in targets:
        host = target.address.rpartition(":")[0]
        address = f"{host}:{EXPORTER_PORT + on_host[host]}"
        exporters.append(ScrapeTarget(address, target.server or target.address, target.option))
        on_host[host] += 1
    return tuple(exporters)


def by_settings(targets: Iterable[ScrapeTarget]) -> list[tuple[dict[str, Any], list[ScrapeTarget]]]:
    """The targets, with those of the same settings together."""
    groups: list[tuple[dict[str, Any], list[ScrapeTarget]]] = []
    for target in targets:
        for settings, members in groups:
            if settings == target.job_settings:
                members.append(target)
                break
        else:
            groups.append((target.job_settings, [target]))
    return groups


def _way(settings: ServerSettings, scheme: str) -> dict[str, Any]:
    tls = {
        "ca_file": settings.ca_file,
        "cert_file": settings.client_cert,
        "key_file": settings.client_key or settings.client_cert,
    }
    config: dict[str, Any] = {name: str(path) for name, path in tls.items() if path}
    if settings.insecure:
        config["insecure_skip_verify"] = True
    way: dict[str, Any] = {"tls_config": config} if config and scheme == "https" else {}
    if settings.bearer_file:
        way["authorization"] = {"credentials_file": str(settings.bearer_file)}
    if settings.proxy:
        way["proxy_url"] = settings.proxy
    return way
