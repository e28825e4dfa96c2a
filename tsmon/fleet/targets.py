"""The servers of a fleet: what each is called, how it is reached, who named it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from tsmon.config.schema import ServerSettings


class Origin(StrEnum):
    """Who named a server."""

    CONFIG = "config"
    FILE_SD = "file_sd"
    PROMETHEUS = "prometheus"
    """It is not asked itself: a Prometheus server reports it."""


class FleetTarget(Struct, frozen=True):
    """One server of the fleet."""

    name: str
    """Its name in the configuration; elsewhere host and port of its metrics address."""
    settings: ServerSettings
    origin: Origin = Origin.CONFIG
    labels: Mapping[str, str] = field(default_factory=dict)
    """What a file_sd file or Prometheus says of it."""

    @property
    def key(self) -> str:
        """What distinguishes it from all others."""
        if self.origin is Origin.PROMETHEUS:  # a name may come and go with others of the same
            return f"{self.origin}:{sorted(self.labels.items())}"
        return f"{self.origin}:{self.name}"

    @property
    def instance(self) -> str:
        """Host and port of its metrics address, as Prometheus has it."""
        return self.labels.get("instance", self.name)


def configured_targets(servers: Mapping[str, ServerSettings]) -> Iterator[FleetTarget]:
    """The servers of `[servers]`."""
    for name, settings in servers.items():
        yield FleetTarget(name, settings)


def without_doubles(targets: Iterable[FleetTarget], taken: Iterable[str]) -> list[FleetTarget]:
    """The targets whose name, a metrics address, is neither taken nor there twice."""
    seen = set(taken)
    kept = []
    for target in targets:
        if target.name not in seen:
            seen.add(target.name)
            kept.append(target)
    return kept
