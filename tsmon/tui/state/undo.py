"""The way back after a change: what it is, whether it is still open, and what it sends."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tsmon.serving.archive_url import is_file
from tsmon.telemetry.snapshot import Gone, ModelKey, ModelStatus, ServerState, Snapshot
from tsmon.torchserve.changes import Change, default_change, register_change
from tsmon.torchserve.registration_of import registration_like
from tsmon.tui.state.rollouts import SEEN_AFTER_S
from tsmon.units import plural

if TYPE_CHECKING:
    from tsmon.declared.state import DeclaredState
    from tsmon.torchserve.management import Management, Registration
    from tsmon.torchserve.records import ModelVersion


@dataclass(frozen=True, slots=True)
class Undo:
    """The last change can be taken back."""

    label: str
    """A few words for the footer."""
    words: str
    """What it would do."""
    lives: int
    """Restarts of the server that had been seen; after another one nothing is as it was."""
    made_at: float = field(default_factory=time.monotonic, kw_only=True)

    def is_open(self, snapshot: Snapshot) -> bool:
        """Whether it still leads back, judged by a tick that can know of the change."""
        if snapshot.server.lives != self.lives:
            return False
        return snapshot.at.monotonic < self.made_at + SEEN_AFTER_S or self._holds(snapshot)

    def _holds(self, snapshot: Snapshot) -> bool:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class UndoScale(Undo):
    """Back to the number of workers there was."""

    key: ModelKey
    before: int
    target: int
    planned: Callable[[ModelStatus], int]
    """How many workers a version has or will have."""
    scale_back: Callable[[], Awaitable[bool]]
    """Scales it back, after a question where something may be lost; whether it is done."""

    def _holds(self, snapshot: Snapshot) -> bool:
        model = snapshot.model(self.key)
        return model is not None and not model.gone and self.planned(model) == self.target


@dataclass(frozen=True, slots=True)
class UndoDefault(Undo):
    """Back to the default version there was."""

    now: ModelKey
    before: ModelKey

    @property
    def change(self) -> Change:
        """The request that undoes the change."""
        return default_change(self.before.name, self.before.version)

    def _holds(self, snapshot: Snapshot) -> bool:
        now, before = snapshot.model(self.now), snapshot.model(self.before)
        return bool(now and now.is_default and before and not before.gone)


@dataclass(frozen=True, slots=True)
class UndoUnregister(Undo):
    """Registers the version again with the settings it had."""

    found: ModelVersion
    archive: Path | None
    """Where its archive lies; None where that cannot be looked up."""

    @property
    def registration(self) -> Registration:
        """The settings it had."""
        return registration_like(self.found)

    @property
    def change(self) -> Change:
        """The request that undoes the change."""
        return register_change(self.registration.parameters())

    async def restore_limit(self, management: Management) -> None:
        """Set the most workers, where that was more than the least."""
        found = self.found
        if found.max_workers is not None and found.max_workers > found.min_workers > 0:
            await management.scale(
                found.name,
                found.min_workers,
                version=found.version,
                max_workers=found.max_workers,
            )

    def _holds(self, snapshot: Snapshot) -> bool:
        model = snapshot.model(ModelKey(self.found.name, self.found.version))
        absent = model is None or model.gone is not None
        return absent and (self.archive is None or is_file(self.archive))


@dataclass(frozen=True, slots=True)
class UndoRestart(Undo):
    """Registers again what the server forgot when it was restarted."""

    lost: DeclaredState

    @classmethod
    def of(cls, snapshot: Snapshot) -> UndoRestart | None:
        """The way back after a restart; None where nothing is missing that can be registered."""
        forgotten = [model for model in snapshot.models if model.gone is Gone.FORGOTTEN]
        if not forgotten or snapshot.server.state is not ServerState.UP:
            return None
        from tsmon.declared.state import DeclaredState, Undumpable, declared_version

        lost = []
        for model in forgotten:
            with suppress(Undumpable):
                lost.append(declared_version(model.described, is_default=model.is_default))
        lost = [each for each in lost if each.archive]
        if not lost:
            return None
        versions = plural(len(lost), "version")
        names = ", ".join(map(str, lost))
        words = f"Register again what the restarted server forgot: {names}."
        state = DeclaredState(tuple(lost))
        return cls(f"register {versions} again", words, snapshot.server.lives, state)

    def _holds(self, snapshot: Snapshot) -> bool:
        models = (snapshot.model(ModelKey(each.name, each.version)) for each in self.lost.models)
        return any(model is not None and model.gone is Gone.FORGOTTEN for model in models)


def no_way_back(found: ModelVersion, model_store: Path | None) -> str:
    """Why a version could not be registered again once it is unregistered; empty if it could."""
    if urlsplit(found.url).scheme:
        return "it was registered from a URL, and TorchServe deletes its copy"
    if model_store is not None and not is_file(model_store / found.url):
        return f"{found.url} is no longer in the model store"
    return ""
