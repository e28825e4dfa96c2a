"""The servers of a fleet: what each is called, how it is reached, who named it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import force_setattr

if TYPE_CHECKING:
    from tsmon.config.schema import ServerSettings


class Origin(StrEnum):
    """Who named a server."""

    CONFIG = "config"
    FILE_SD = "file_sd"
    KUBE = "kube"
    """It is a pod, at ports that are forwarded."""
    PROMETHEUS = "prometheus"
    """It is not asked itself: a Prometheus server reports it."""
    GROUP = "group"
    """It is no server: several are shown together."""


class FleetTarget(Struct, frozen=True):
    """One server of the fleet."""

    name: str
    """Its name in the configuration; elsewhere host and port of its metrics address."""
    settings: ServerSettings
    origin: Origin = Origin.CONFIG
    labels: Mapping[str, str] = field(default_factory=dict)
    """What a file_sd file or Prometheus says of it."""
    key: str = ""
    """What distinguishes it from all others, whatever is given."""

    def __post_init__(self) -> None:
        # Asked for several times at each round, of thousands of rows. Of what Prometheus reports
        # the labels count: a name may change when another target with the same one comes.
        by_labels = self.origin is Origin.PROMETHEUS
        own = sorted(self.labels.items()) if by_labels else self.name
        force_setattr(self, "key", f"{self.origin}:{own}")

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
