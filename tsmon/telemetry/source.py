"""Where observations come from: a source answers one question, what does the server say now?"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from tsmon.telemetry.instant import Instant
from tsmon.telemetry.scrape import Scrape, parse_scrape
from tsmon.telemetry.snapshot import ModelKey
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.errors import NotFound, TorchServeError
from tsmon.torchserve.records import ModelVersion

T = TypeVar("T")

DESCRIBES_PER_TICK = 8
"""Settled models described at each tick besides the one in focus; the others wait their turn."""
DESCRIBES_AT_ONCE = 4
"""TorchServe answers management calls on the threads that inference uses, one per CPU."""


@dataclass(frozen=True, slots=True)
class Description:
    """One version of a model, and whether it is the default one."""

    model: ModelVersion
    is_default: bool


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What does not change during a server's life."""

    version: str
    model_api: bool | None


@dataclass(frozen=True, slots=True)
class Observation:
    """What the server said at one moment; each of the parts may have failed by itself."""

    at: Instant
    facts: ServerFacts | None
    models: tuple[Description, ...] | TorchServeError
    scrape: Scrape | TorchServeError


class Source(Protocol):
    """Something that can be asked what a server says now."""

    @property
    def label(self) -> str:
        """What a person calls the server."""

    async def observe(self, focus: ModelKey | None) -> Observation:
        """Ask now; `focus` is the model whose details are looked at."""


class LiveSource:
    """Asks a running TorchServe."""

    def __init__(self, client: TorchServe) -> None:
        self._client = client
        self._facts: ServerFacts | None = None
        self._known: dict[str, tuple[Description, ...]] = {}
        self._next = 0

    @property
    def label(self) -> str:
        """The management address without its scheme."""
        return self._client.addresses.label

    async def observe(self, focus: ModelKey | None) -> Observation:
        """Scrape the metrics and read the models at the same time."""
        models, scrape = await asyncio.gather(
            _outcome(self._models(focus)), _outcome(self._scrape())
        )
        if isinstance(models, TorchServeError):
            # It may be another server, or one with other settings, when it answers again.
            self._facts, self._known = None, {}
        return Observation(Instant.now(), self._facts, models, scrape)

    async def _scrape(self) -> Scrape:
        text = await self._client.metrics.scrape()
        return parse_scrape(text, Instant.now())

    async def _models(self, focus: ModelKey | None) -> tuple[Description, ...]:
        if self._facts is None:
            self._facts = await self._read_facts()
        registered = await self._client.management.models()
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
        turn = (rest[start:] + rest[:start])[:DESCRIBES_PER_TICK]
        self._next = start + len(turn)
        return [*urgent, *turn]

    def _unsettled(self, name: str) -> bool:
        return any(
            entry.model.ready_workers != entry.model.min_workers for entry in self._known[name]
        )

    async def _describe(self, name: str) -> None:
        try:
            versions = await self._client.management.describe_all(name)
            default = versions[0].version if len(versions) == 1 else await self._default(name)
        except NotFound:
            self._known.pop(name, None)  # it was removed since the list was read
            return
        self._known[name] = tuple(
            Description(model, model.version == default) for model in versions
        )

    async def _default(self, name: str) -> str:
        return (await self._client.management.describe(name)).version

    async def _read_facts(self) -> ServerFacts:
        management = self._client.management
        description = await management.api_description()
        enabled = None if management.read_only else await management.model_api_enabled()
        return ServerFacts(description.version, enabled)


async def _outcome(work: Awaitable[T]) -> T | TorchServeError:
    try:
        return await work
    except TorchServeError as error:
        return error
