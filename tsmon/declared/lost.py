"""What a restart of a server loses, and how it gets it back."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from tsmon.declared.state import DeclaredState


def lost_by_restart(found: DeclaredState, settings: Mapping[str, str]) -> DeclaredState:
    """The versions that a start without snapshots does not load with this config.properties."""
    wanted = settings.get("load_models", "").strip()
    if wanted.lower() == "all":
        return DeclaredState(tuple(each for each in found.models if "://" in each.archive))
    loaded = {entry.rpartition("=")[2].strip() for entry in wanted.split(",")}
    return DeclaredState(tuple(each for each in found.models if each.archive not in loaded))


class BringBack(Struct, frozen=True):
    """What a restart lost; whatever the server has by now is left as it is."""

    lost: DeclaredState

    prunes = False

    def wanted(self, found: DeclaredState) -> DeclaredState:
        """The state with what is missing; a default version that was set since stays it."""
        missing = (each for each in self.lost.models if not found.find(each.name, each.version))
        back = (replace(each, default=False) if found.of(each.name) else each for each in missing)
        return DeclaredState((*found.models, *back))
