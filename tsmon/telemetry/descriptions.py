"""The models of a server as describe shows them, asked for a few at a time.

A model that cannot be described costs no other: it is given with what the list and an earlier
answer say of it, and why there is nothing newer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tsmon.telemetry.source import Description
from tsmon.torchserve.errors import (
    NotFound,
    NotTorchServe,
    TimedOut,
    TokenRefused,
    TorchServeError,
    Unreachable,
)
from tsmon.torchserve.records import ModelVersion, RegisteredModel

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelKey
    from tsmon.torchserve.management import Management

DESCRIBES_AT_ONCE = 4
"""TorchServe answers management calls on the threads that inference uses, one per CPU."""
DOUBTFUL_AT_ONCE = 2
"""Of models that could not be described the last time: they must not keep the others waiting."""
DESCRIBE_PATIENCE_S = 2.0
"""Without any answer for so long, a reading goes on with what it has; the answers come later."""
MOST_PATIENCE_S = 10.0
NOT_YET = TimedOut("describe has not been answered yet")

OF_THE_SERVER = (Unreachable, TokenRefused)
"""Errors that are not about one model."""


async def describe_registered(
    management: Management, registered: RegisteredModel
) -> tuple[Description, ...]:
    """Every version of a model of the list; one without a version where it cannot be described.

    Raises:
        Unreachable, TokenRefused: no model could be described now.
    """
    if registered.problem:
        return unread(registered, NotTorchServe(registered.problem))
    try:
        return await _describe(management, registered.name)
    except OF_THE_SERVER:
        raise
    except TorchServeError as error:
        return unread(registered, error)


async def describe_everything(management: Management) -> list[Description]:
    """Every version of every model, in the server's order.

    Raises:
        TorchServeError: the list of models cannot be read.
    """
    limit = asyncio.Semaphore(DESCRIBES_AT_ONCE)

    async def describe(registered: RegisteredModel) -> tuple[Description, ...]:
        async with limit:
            return await describe_registered(management, registered)

    found = await asyncio.gather(*map(describe, await management.models()))
    return [entry for entries in found for entry in entries]


async def _describe(management: Management, name: str) -> tuple[Description, ...]:
    versions = await management.describe_all(name)
    if not versions:
        raise NotTorchServe("describe does not list this version")
    default = versions[0].version
    if len(versions) > 1:
        default = (await management.describe(name)).version
    return tuple(Description(model, model.version == default) for model in versions)


def unread(
    registered: RegisteredModel, why: TorchServeError, known: Sequence[Description] = ()
) -> tuple[Description, ...]:
    """What is known of a model that cannot be described: by an earlier answer, else by the list."""
    if known:
        return tuple(replace(entry, why=why) for entry in known)
    listed = ModelVersion(registered.name, "", registered.url, raw=_raw(registered))
    return (Description(listed, is_default=True, why=why),)


def _raw(registered: RegisteredModel) -> dict[str, str]:
    return {"modelName": registered.name, "modelUrl": registered.url}


class ModelReader:
    """Reads the model list, and describes those models that may have changed."""

    def __init__(self, management: Management, describes: int) -> None:
        """`describes` settled models are described at each reading; the others wait their turn."""
        self._management = management
        self._describes = describes
        self._known: dict[str, tuple[Description, ...]] = {}
        self._asking: dict[str, asyncio.Task[tuple[Description, ...]]] = {}
        self._lanes = {
            False: asyncio.Semaphore(DESCRIBES_AT_ONCE),
            True: asyncio.Semaphore(DOUBTFUL_AT_ONCE),
        }
        self._removed: set[str] = set()
        """Models that describe did not find the last time, as while they are being removed."""
        self._next = 0

    @property
    def settled(self) -> bool:
        """Whether every model had as many ready workers as it wants when last described."""
        return not any(map(self._unsettled, self._known))

    def forget(self) -> None:
        """Describe all models again: it may be another server now."""
        for task in self._asking.values():
            task.cancel()
        self._known, self._asking, self._removed = {}, {}, set()

    async def read(self, focus: ModelKey | None = None) -> tuple[Description, ...]:
        """Every version of every model; the model in `focus` is described now.

        Raises:
            TorchServeError: the management API does not answer as it should.
        """
        listed = {model.name: model for model in await self._management.models()}
        self._drop_all_but(listed)
        for name in self._turn(list(listed), focus):
            if name not in self._asking:
                asking = asyncio.create_task(self._ask(listed[name]))
                asking.add_done_callback(_heard)
                self._asking[name] = asking
        await self._wait()
        for name, model in listed.items():
            self._take(model, self._asking.get(name))
        return tuple(entry for name in listed for entry in self._known.get(name, ()))

    def _drop_all_but(self, listed: dict[str, RegisteredModel]) -> None:
        for name in self._asking.keys() - listed.keys():
            self._asking.pop(name).cancel()
        self._known = {name: found for name, found in self._known.items() if name in listed}
        self._removed &= listed.keys()

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
            entry.why is None and entry.model.ready_workers != entry.model.min_workers
            for entry in self._known[name]
        )

    def _doubtful(self, name: str) -> bool:
        return any(entry.why is not None for entry in self._known.get(name, ()))

    async def _ask(self, model: RegisteredModel) -> tuple[Description, ...]:
        """Its versions; none where it was removed since the list was read."""
        async with self._lanes[self._doubtful(model.name)]:
            asked = asyncio.create_task(describe_registered(self._management, model))
            asked.add_done_callback(_heard)
            # One that hangs leaves the lane to the others, and ends by its own time-out.
            await asyncio.wait({asked}, timeout=DESCRIBE_PATIENCE_S)
        found = await asked
        if not isinstance(found[0].why, NotFound):
            self._removed.discard(model.name)
        elif model.name not in self._removed:
            self._removed.add(model.name)
            return ()
        return found

    async def _wait(self) -> None:
        """Wait for the answers, but for those of doubtful models, and not for one that hangs."""
        loop = asyncio.get_running_loop()
        end = loop.time() + MOST_PATIENCE_S
        waiting = {task for name, task in self._asking.items() if not self._doubtful(name)}
        while waiting and loop.time() < end:
            done, waiting = await asyncio.wait(
                waiting, timeout=DESCRIBE_PATIENCE_S, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                return

    def _take(
        self, model: RegisteredModel, asking: asyncio.Task[tuple[Description, ...]] | None
    ) -> None:
        """Keep what came of describing a model, or that nothing has come yet."""
        if asking is None:
            return
        known = self._known.get(model.name, ())
        if not asking.done():
            if not self._doubtful(model.name):
                self._known[model.name] = unread(model, NOT_YET, known)
            return
        del self._asking[model.name]
        found = asking.result()
        if not found:
            self._known.pop(model.name, None)
        elif found[0].why is not None:
            self._known[model.name] = unread(model, found[0].why, known)
        elif not _said_alike(known, found):
            # Ticks are kept by the hundred; those without a change between them share it.
            self._known[model.name] = found


def _said_alike(known: Sequence[Description], found: Sequence[Description]) -> bool:
    """Whether the server said the very same again."""
    return tuple(known) == tuple(found) and all(
        old.model.raw == new.model.raw for old, new in zip(known, found, strict=True)
    )


def _heard(task: asyncio.Task[tuple[Description, ...]]) -> None:
    """Read how it ended, or asyncio reports a description that no one waits for any more."""
    if not task.cancelled():
        task.exception()
