"""Replaces a version by another one while the model goes on serving.

The new version is registered beside the old one and gets the requests only once its workers are
ready; the old one is removed once it has answered what it had. TorchServe says how many requests
wait in a version's queue, not how many its workers have in hand: those are given a time of grace,
since removing a version ends its workers at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.torchserve.changes import (
    Change,
    default_change,
    register_change,
    unregister_change,
)
from tsmon.torchserve.errors import Conflict, InvalidArgument, NotFound, TimedOut, TorchServeError
from tsmon.torchserve.procedure import (
    NotCarriedOut,
    Procedure,
    ProcedureResult,
    ProcedureStep,
    reasoned,
)
from tsmon.torchserve.protection import protected
from tsmon.torchserve.registration_of import registration_like
from tsmon.units import MIB, duration, milliseconds
from tsmon.untrusted.files import read_bytes
from tsmon.untrusted.shell import shell_word

if TYPE_CHECKING:
    from tsmon.torchserve.client import TorchServe
    from tsmon.torchserve.inference import Prediction
    from tsmon.torchserve.management import Management, Registration
    from tsmon.torchserve.records import ModelVersion

DRAIN_POLL_S = 0.25
GRACE_S = 10.0
MOST_PROBE = 64 * MIB
DRAIN_S = 120.0
"""How long requests may go on coming to the old version before it is left as it is."""


class Probe(Struct, frozen=True):
    """A request that the new version has to answer before it gets any other."""

    label: str
    body: bytes

    @classmethod
    def of(cls, path: Path) -> Probe:
        """The content of a file.

        Raises:
            InvalidArgument: it cannot be read.
        """
        try:
            return cls(path.name, read_bytes(path, MOST_PROBE))
        except OSError as error:
            raise InvalidArgument(f"cannot read {path}: {error.strerror or error}") from None


class ReplacementPlan(Struct, frozen=True):
    """What takes the place of what."""

    old: ModelVersion
    is_default: bool
    """Whether the old version is the default one, which the new one then becomes."""
    registration: Registration
    probe: Probe | None = None
    grace_s: float = GRACE_S
    """Seconds that the old version keeps its workers after its queue is empty."""

    def changes(self, new: str) -> list[Change]:
        """The requests in their order; `new` stands for the new version's name."""
        name = self.old.name
        first = register_change(self.registration.parameters())
        last = unregister_change(name, self.old.version)
        return [first, *([default_change(name, new)] if self.is_default else []), last]


async def plan_replacement(
    client: TorchServe,
    name: str,
    url: str,
    *,
    version: str | None = None,
    probe: Probe | None = None,
    grace_s: float = GRACE_S,
) -> ReplacementPlan:
    """The plan that gives an archive the settings of a version, by default the default one.

    Raises:
        NotFound: there is no such model or version.
    """
    default = await client.management.describe(name)
    old = default if version is None else await client.management.describe(name, version)
    is_default = old.version == default.version
    return ReplacementPlan(old, is_default, registration_like(old, url), probe, grace_s)


class Replacement(Procedure):
    """Carries out a plan."""

    def __init__(self, client: TorchServe, plan: ReplacementPlan) -> None:
        self._client = client
        self.plan = plan
        self.new: ModelVersion | None = None
        """The new version, once it is registered."""
        self.prediction: Prediction | None = None
        """What it answered to the probe."""
        self._known: frozenset[str] = frozenset()
        """The versions there were."""
        self._sent = False
        """Whether the server may have registered something of ours."""
        self._stays = False
        """Whether the new version has taken over, so that it is not removed again."""
        super().__init__(client.management, _steps(plan))

    async def _carry_out(self) -> None:
        old = self.plan.old
        with self._step("register"):
            versions = await self._management.describe_all(old.name)
            self._known = frozenset(each.version for each in versions)
            new = await protected(self._register())
        with self._step("ready"):
            await self._until_ready("ready", new.name, new.version, new.min_workers)
        await self._test(new)
        if self.plan.is_default:
            with self._step("default"):
                await protected(self._switch(new))
        else:
            self._skip("default", f"{old.version} is not the default version")
            self._stays = True
        with self._step("drain"):
            await self._drain()
        with self._step("remove"):
            await protected(self._remove())

    async def _register(self) -> ModelVersion:
        self._sent = True
        try:
            await self._management.register(self.plan.registration)
        except Conflict as error:
            self._sent = False
            raise NotCarriedOut(
                str(error),
                "build the archive with a different version, or unregister that one first",
            ) from None
        self.new = await self._find()
        if self.new is None:
            raise NotCarriedOut(
                "the server accepted the archive, but lists no new version of the model"
            )
        self._report("register", f"version {self.new.version}")
        return self.new

    async def _test(self, new: ModelVersion) -> None:
        probe = self.plan.probe
        if probe is None:
            self._skip("test", "no test request was given")
            return
        with self._step("test"):
            answer = await self._client.inference.predict(new.name, probe.body, version=new.version)
            self.prediction = answer
            self._report(
                "test", f"{probe.label}: {answer.text[:60]}, {milliseconds(answer.milliseconds)}"
            )

    async def _switch(self, new: ModelVersion) -> None:
        await self._management.set_default(new.name, new.version)
        self._stays = True

    async def _drain(self) -> None:
        old = self.plan.old

        def report(words: str) -> None:
            self._report("drain", words)

        await drain(self._management, old.name, old.version, self.plan.grace_s, report)

    async def _remove(self) -> None:
        old = self.plan.old
        try:
            await self._management.unregister(old.name, old.version)
        except NotFound:
            self._report("remove", "someone else did")

    def _arrived(self) -> ProcedureResult:
        new, old = self._words
        default = ", the default version," if self.plan.is_default else ""
        return ProcedureResult(True, f"{new}{default} serves; {old} is removed")

    @property
    def _words(self) -> tuple[str, str]:
        """The new and the old version as a person calls them."""
        old, new = self.plan.old, self.new
        return f"{old.name} {new.version}" if new else self.plan.registration.url, _key(old)

    async def _make_safe(self, error: TorchServeError | None) -> ProcedureResult:
        old = self.plan.old
        hint = error.hint if error else ""
        try:
            new = await self._left()
            if not await self._is_there(old):
                return self._without_old(error, new)
            if new is None:
                return ProcedureResult(False, reasoned(error, f"{_key(old)} still serves"), hint)
            if self._stays or await self._is_default(new):
                return self._both(error, new)
            with suppress(NotFound):
                await self._management.unregister(new.name, new.version)
        except TorchServeError as trouble:
            new_words, old_words = self._words
            left = f"{old_words} still serves, but {new_words} may be left: {trouble}"
            return ProcedureResult(False, reasoned(error, left), f"`tsmon models` lists {old.name}")
        left = f"{_key(new)} is removed again, {_key(old)} still serves"
        return ProcedureResult(False, reasoned(error, left), hint)

    async def _left(self) -> ModelVersion | None:
        """The new version, where there is one now."""
        if self.new is not None:
            return self.new if await self._is_there(self.new) else None
        try:
            return await self._find() if self._sent else None
        except NotFound:
            return None

    async def _is_there(self, version: ModelVersion) -> bool:
        try:
            await self._management.describe(version.name, version.version)
        except NotFound:
            return False
        return True

    def _without_old(
        self, error: TorchServeError | None, new: ModelVersion | None
    ) -> ProcedureResult:
        """Someone else removed the old version, so that only the new one is left, if that."""
        old = self.plan.old
        gone = f"{_key(old)} was removed by someone else"
        if new is None:
            words = f"{gone}, and {self._words[0]} is missing too: nothing serves"
        else:
            words = f"{gone}; {_key(new)} stays in its place"
        return ProcedureResult(
            False, reasoned(error, words), "`tsmon models` lists what is registered"
        )

    def _both(self, error: TorchServeError | None, new: ModelVersion) -> ProcedureResult:
        """The new version serves, and the old one is still there."""
        old = self.plan.old
        name = shell_word(old.name)
        back = f", `tsmon set-default {name} {shell_word(old.version)}` goes back to it"
        hint = (
            f"`tsmon unregister {name} --model-version {shell_word(old.version)}` removes it"
            f"{back if self.plan.is_default else ''}"
        )
        left = f"{_key(new)} serves, and {_key(old)} is still registered"
        return ProcedureResult(False, reasoned(error, left), hint)

    async def _is_default(self, new: ModelVersion) -> bool:
        """Whether the server made it the default although its answer did not come."""
        found = await self._management.describe(new.name)
        return found.version == new.version

    async def _find(self) -> ModelVersion | None:
        """The version that was not there before and has our archive."""
        versions = await self._management.describe_all(self.plan.old.name)
        new = [each for each in versions if each.version not in self._known]
        return next((each for each in new if each.url == self.plan.registration.url), None)


async def drain(
    management: Management,
    name: str,
    version: str,
    grace_s: float = GRACE_S,
    report: Callable[[str], None] = lambda _: None,
) -> None:
    """Wait until nothing has waited for a version during the time of grace.

    Raises:
        NotCarriedOut: requests go on coming to it.
    """
    started = time.monotonic()
    quiet_since: float | None = None
    while True:
        waiting = await _waiting(management, name, version)
        now = time.monotonic()
        if waiting is None:
            return
        quiet_since = None if waiting else quiet_since or now
        if quiet_since is None:
            report(f"{waiting} requests are queued for {version}")
            if now - started > DRAIN_S:
                raise NotCarriedOut(f"requests are still queued for {name} {version}")
        elif (left := quiet_since + grace_s - now) <= 0:
            return
        else:
            report(f"none queued; {duration(left)} for those that are being answered")
        await asyncio.sleep(DRAIN_POLL_S)


async def _waiting(management: Management, name: str, version: str) -> int | None:
    """How many requests wait for a version; None when it is not there any more."""
    while True:
        try:
            found = await management.describe(name, version)
        except NotFound:
            return None
        except TimedOut:  # management shares its threads with busy inference
            await asyncio.sleep(DRAIN_POLL_S)
            continue
        return found.queue.pending if found.queue else 0


def _steps(plan: ReplacementPlan) -> list[ProcedureStep]:
    old, workers = _key(plan.old), plan.registration.initial_workers
    return [
        ProcedureStep("register", f"register {plan.registration.url}"),
        ProcedureStep("ready", f"wait for its workers to be ready ({workers})"),
        ProcedureStep("test", "send it a test request"),
        ProcedureStep("default", "make it the default version"),
        ProcedureStep("drain", f"let {old} finish its requests"),
        ProcedureStep("remove", f"remove {old}"),
    ]


def _key(version: ModelVersion) -> str:
    return f"{version.name} {version.version}"
