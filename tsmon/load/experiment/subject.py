"""The model under experiment: changed for each setting, and in the end as it was."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from tsmon.load.experiment.plan import Variation
from tsmon.load.experiment.result import Before
from tsmon.torchserve.errors import InvalidArgument, NotFound, TimedOut, TorchServeError
from tsmon.torchserve.protection import protected
from tsmon.torchserve.registration_of import registration_like
from tsmon.torchserve.rollout import Outcome, RolloutProgress, follow
from tsmon.untrusted.shell import shell_word

if TYPE_CHECKING:
    from tsmon.torchserve.management import Management, Registration
    from tsmon.torchserve.records import ModelVersion

SUBJECT_RETRY_S = 0.5


class NotSettled(TorchServeError):
    """The model has workers that are not ready, so that there is no number to go back to."""


class NotReached(TorchServeError):
    """The workers or the registration of a setting did not come about."""


class ChangedMeanwhile(NotReached):
    """Someone else scaled the model meanwhile; it is left as they set it."""


class Subject(Struct):
    """One version of a model and how to change it."""

    management: Management
    found: ModelVersion
    """As it was before anything was changed."""
    default: str
    """The default version then."""
    others: tuple[str, ...]
    """The model's other versions."""
    taken_off: bool = False
    """Whether it was, or is being, unregistered to be registered again."""
    moved_default: bool = False
    """Whether another version is the default one meanwhile."""
    arranged: tuple[int, int] | None = None
    """The least and most workers that the last setting gave it; None while it changes."""

    @classmethod
    async def find(cls, management: Management, model: str, version: str | None) -> Subject:
        """Look at a version, by default the default one.

        Raises:
            NotFound: there is no such model or version.
            NotSettled: its workers are not all ready, or describe leaves a setting out.
        """
        default = (await management.describe(model)).version
        found = await management.describe(model, version or default)
        if found.ready_workers != len(found.workers):
            raise NotSettled(
                f"{found.ready_workers} of {len(found.workers)} workers of {model} are ready",
                "an experiment starts with all workers ready; "
                f"`tsmon describe {shell_word(model)}` shows more",
            )
        versions = await management.describe_all(model)
        others = tuple(each.version for each in versions if each.version != found.version)
        subject = cls(management, found, default, others)
        _ = subject.before  # raises where it cannot be put back
        return subject

    @property
    def before(self) -> Before:
        """How it was."""
        found = self.found
        return Before(
            workers=len(found.workers),
            min_workers=found.min_workers,
            max_workers=given(found.max_workers, "maxWorkers"),
            batch_size=given(found.batch_size, "batchSize"),
            max_batch_delay_ms=given(found.max_batch_delay_ms, "maxBatchDelay"),
            url=found.url,
            default_version=self.default,
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """The `model_version` labels that its requests are counted under now."""
        is_default = self.default == self.found.version and not self.moved_default
        return (self.found.version, "default") if is_default else (self.found.version,)

    def check_archive(self) -> None:
        """Look whether it can be registered again at all.

        Raises:
            InvalidArgument: its archive came from a file that is gone.
        """
        parts = urlsplit(self.found.url)
        if parts.scheme == "file" and not Path(unquote(parts.path)).exists():
            raise InvalidArgument(
                f"the archive {self.found.url} no longer exists",
                "without it the model cannot be registered again with another batch size or delay",
            )

    async def arrange(self, setting: Variation) -> AsyncGenerator[RolloutProgress, None]:
        """Bring about a setting; gives how far the workers are until they are ready.

        Raises:
            NotReached: they do not become ready, or the archive's own configuration wins.
            TorchServeError: the server refused a change.
        """
        now = await self.management.describe(self.found.name, self.found.version)
        self.refuse_overtaken(now)
        self.arranged = None
        limits, scaled = (setting.workers, setting.workers), False
        if _needs_registration(now, setting):
            await protected(self._register_again(setting))
        elif (len(now.workers), now.max_workers) != limits:
            scaled = True
            await protected(self._scale(setting.workers, setting.workers))
        async for progress in self._follow(setting.workers):
            yield progress
            if progress.outcome is Outcome.FAILED:
                self.arranged = limits if progress.overtaken else None
                raise NotReached(progress.reason, progress.hint)
        now = await self.management.describe(self.found.name, self.found.version)
        found = (now.min_workers, given(now.max_workers, "maxWorkers"))
        self.arranged = limits if scaled else found
        self.refuse_overtaken(now)
        if _needs_registration(now, setting):
            raise NotReached(
                f"{setting}: the server used batch size {now.batch_size}, delay "
                f"{now.max_batch_delay_ms} ms",
                "the archive's own configuration overrides the registration",
            )

    def refuse_overtaken(self, now: ModelVersion) -> None:
        """Look whether the model is as the last setting left it.

        Raises:
            Overtaken: someone else scaled it.
        """
        limits = (now.min_workers, now.max_workers)
        if self.arranged is not None and limits != self.arranged:
            words = str(limits[0]) if limits[0] == limits[1] else f"{limits[0]} to {limits[1]}"
            raise ChangedMeanwhile(f"someone else scaled it to {words}")

    async def put_back(self) -> None:
        """Make it again what it was, whatever it is now.

        Raises:
            Overtaken: someone else scaled it, whose number stays.
            NotReached: it is registered no more, or its workers do not become ready.
            TorchServeError: the server refused a change.
        """
        before = self.before
        now = await self._look()
        was = Variation(before.workers, before.batch_size, before.max_batch_delay_ms)
        if now is None and not self.taken_off:
            raise NotReached(
                "it is no longer registered: someone removed it, or the server was restarted"
            )
        if now is None or _needs_registration(now, was):
            await self._register_again(was, registered=now is not None)
        else:
            self.refuse_overtaken(now)
            self.arranged = None  # from here on the changes are our own
            if len(now.workers) != before.workers:
                await self._scale(before.workers, before.workers)
        await self._restore_limits()
        if self.moved_default:
            await self.management.set_default(self.found.name, self.default)
            self.moved_default = False
        async for progress in self._follow(before.workers):
            if progress.outcome is Outcome.FAILED:
                raise NotReached(progress.reason)

    @property
    def remedy(self) -> str:
        """The commands that make it what it was."""
        found, workers = self.found, len(self.found.workers)
        name = shell_word(found.name)
        scale = f"`tsmon scale {name} {workers} --model-version {shell_word(found.version)}`"
        if not self.taken_off:
            return scale
        default = (
            f", `tsmon set-default {name} {shell_word(self.default)}`" if self.moved_default else ""
        )
        return (
            f"`tsmon register {shell_word(found.url)} --workers {workers} --name {name} "
            f"--batch-size {found.batch_size} --max-batch-delay {found.max_batch_delay_ms}` "
            f"if `tsmon models` does not list it, else {scale}{default}"
        )

    async def _look(self) -> ModelVersion | None:
        """How it is now; None when it is not registered."""
        while True:
            try:
                return await self.management.describe(self.found.name, self.found.version)
            except NotFound:
                return None
            except TimedOut:  # the server is busy with the last change
                await asyncio.sleep(SUBJECT_RETRY_S)

    async def _scale(self, least: int, most: int) -> None:
        name, version = self.found.name, self.found.version
        await self.management.scale(name, least, version=version, max_workers=most)

    async def _restore_limits(self) -> None:
        """Set the least and the most workers, where they were not the number there was."""
        before = self.before
        now = await self.management.describe(self.found.name, self.found.version)
        limits = (before.min_workers, before.max_workers)
        if before.min_workers and limits != (now.min_workers, now.max_workers):
            await self._scale(*limits)

    async def _register_again(self, setting: Variation, *, registered: bool = True) -> None:
        found = self.found
        if registered:
            if self.default == found.version and self.others:
                self.moved_default = True
                await self.management.set_default(found.name, self.others[0])
            self.taken_off = True
            await self.management.unregister(found.name, found.version)
        await self.management.register(_registration(found, setting))

    async def _follow(self, workers: int) -> AsyncGenerator[RolloutProgress, None]:
        name, version = self.found.name, self.found.version
        async for progress in follow(self.management, name, workers, version=version):
            yield progress


def given(value: int | None, name: str) -> int:
    """A setting that describe shows.

    Raises:
        NotSettled: it does not.
    """
    if value is None:
        raise NotSettled(
            f"the server does not say its {name}", "without it the model cannot be put back"
        )
    return value


def _needs_registration(now: ModelVersion, setting: Variation) -> bool:
    return (setting.batch_size not in {None, now.batch_size}) or (
        setting.max_batch_delay_ms not in {None, now.max_batch_delay_ms}
    )


def _registration(found: ModelVersion, setting: Variation) -> Registration:
    """Registers the version as it was found but for the setting."""
    delay = setting.max_batch_delay_ms
    return replace(
        registration_like(found),
        initial_workers=setting.workers,
        batch_size=setting.batch_size or found.batch_size,
        max_batch_delay=found.max_batch_delay_ms if delay is None else delay,
    )
