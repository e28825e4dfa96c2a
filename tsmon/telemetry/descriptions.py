"""The models of a server as describe shows them, asked for a few at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tsmon.telemetry.snapshot import ModelKey
from tsmon.telemetry.source import Description
from tsmon.torchserve.errors import NotFound
from tsmon.torchserve.management import Management

DESCRIBES_AT_ONCE = 4
"""TorchServe answers management calls on the threads that inference uses, one per CPU."""


class ModelReader:
    """Reads the model list, and describes those models that may have changed."""

    def __init__(self, management: Management, describes: int) -> None:
        """`describes` settled models are described at each reading; the others wait their turn."""
        self._management = management
        self._describes = describes
        self._known: dict[str, tuple[Description, ...]] = {}
        self._next = 0

    @property
    def settled(self) -> bool:
        """Whether every model had as many ready workers as it wants when last described."""
        return not any(map(self._unsettled, self._known))

    def forget(self) -> None:
        """Describe all models anew: it may be another server now."""
        self._known = {}

    async def read(self, focus: ModelKey | None = None) -> tuple[Description, ...]:
        """Every version of every model; the model in `focus` is described now.

        Raises:
            TorchServeError: the management API does not answer as it should.
        """
        registered = await self._management.models()
        names = [model.name for model in registered]
        self._known = {name: self._known[name] for name in names if name in self._known}
        limit = asyncio.Semaphore(DESCRIBES_AT_ONCE)

        async def describe(name: str) -> None:
            async with limit:
                await self._describe(name)

        await asyncio.gather(*map(describe, self._turn(names, focus)))
        return tuple(entry for name in names for entry in self._known.get(name, ()))

    def _turn(self, names: Sequence[str], focus: ModelKey | None) -> list[str]:
        """Which models to describe now: new ones, the one in focus, some of the rest in turn."""
        urgent = {name for name in names if name not in self._known or self._unsettled(name)}
        if focus is not None and focus.name in names:
            urgent.add(focus.name)
        rest = [name for name in names if name not in urgent]
        start = self._next % len(rest) if rest else 0
        turn = (rest[start:] + rest[:start])[: self._describes]
        self._next = start + len(turn)
        return [*urgent, *turn]

    def _unsettled(self, name: str) -> bool:
        return any(
            entry.model.ready_workers != entry.model.min_workers for entry in self._known[name]
        )

    async def _describe(self, name: str) -> None:
        try:
            versions = await self._management.describe_all(name)
            default = versions[0].version if len(versions) == 1 else await self._default(name)
        except NotFound:
            self._known.pop(name, None)  # it was removed since the list was read
            return
        found = tuple(Description(model, model.version == default) for model in versions)
        known = self._known.get(name, ())
        # Ticks are kept by the hundred; those between which nothing changed share what they hold.
        self._known[name] = known if _told_alike(known, found) else found

    async def _default(self, name: str) -> str:
        return (await self._management.describe(name)).version


def _told_alike(known: Sequence[Description], found: Sequence[Description]) -> bool:
    """Whether the server said the very same again."""
    return known == found and all(
        old.model.raw == new.model.raw for old, new in zip(known, found, strict=True)
    )
