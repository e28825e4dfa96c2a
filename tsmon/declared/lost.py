"""What a server has that it would not have after a restart."""

from __future__ import annotations

from collections.abc import Mapping

from tsmon.declared.state import DeclaredState


def lost_by_restart(found: DeclaredState, settings: Mapping[str, str]) -> DeclaredState:
    """The versions that a start without snapshots does not load with this config.properties."""
    wanted = settings.get("load_models", "").strip()
    if wanted.lower() == "all":
        return DeclaredState(tuple(each for each in found.models if "://" in each.archive))
    loaded = {entry.rpartition("=")[2].strip() for entry in wanted.split(",")}
    return DeclaredState(tuple(each for each in found.models if each.archive not in loaded))
