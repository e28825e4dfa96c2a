"""The way back after a change: remembered, shown and taken."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import msgspec

from tsmon.telemetry.snapshot import ModelKey
from tsmon.tui import keymap
from tsmon.tui.monitor.asking import ask_default
from tsmon.tui.monitor.capability import Capability, Handlers
from tsmon.tui.state.rollouts import SEEN_AFTER_S
from tsmon.tui.state.undo import Undo, UndoDefault, UndoRestart, UndoScale, UndoUnregister
from tsmon.tui.text.notes import Note
from tsmon.units import plural

if TYPE_CHECKING:
    from tsmon.declared.state import DeclaredState
    from tsmon.telemetry.snapshot import Snapshot
    from tsmon.torchserve.management import Management
    from tsmon.tui.monitor.screen import MonitorScreen

UNDO = "model.undo"


class Undoing(Capability):
    """One change can be taken back: the last one, for as long as nothing else came after it."""

    def __init__(self, host: MonitorScreen) -> None:
        super().__init__(host)
        self._undo: Undo | None = None
        self._why_not = ""
        self._lost: frozenset[str] = frozenset()
        """The versions that were said to be lost by a restart."""
        self._brought_back_at = -math.inf

    def actions(self) -> Handlers:
        """Its one key."""
        return {UNDO: self._take_back}

    @property
    def lives(self) -> int:
        """Restarts of the server that were seen, which a way back has to know."""
        return self.host.session.monitor.latest.server.lives

    def offer(self, undo: Undo) -> None:
        """There is a way back, which the footer shows."""
        self._undo = undo
        self.host.show_keys()

    def withdraw(self, why: str | None = None) -> None:
        """There is no way back any more, or none; a reason given before stays."""
        self._undo = None
        self._why_not = self._why_not if why is None else why
        self.host.show_keys()

    # What the monitor asks

    def allows(self, id_: str) -> bool:
        """There may be nothing to take back."""
        return self._undo is not None

    def why_not(self, id_: str) -> Note:
        """Why there is nothing."""
        return Note("there is nothing to undo", self._why_not)

    def describe(self, key: keymap.Key) -> keymap.Key:
        """The key with what it would take back."""
        undo = self._undo
        return msgspec.structs.replace(key, label=undo.label, help=undo.words) if undo else key

    def footer(self, keys: list[keymap.Key]) -> list[keymap.Key]:
        """What can be taken back stands first."""
        if self.host.away or not self.host.offers(UNDO):
            return keys
        return [self.describe(keymap.BY_ID[UNDO]), *keys]

    def connected(self) -> None:
        """Of another server nothing can be taken back."""
        self.withdraw("")
        self._lost = frozenset()

    def snapshot_shown(self) -> None:
        """Withdraw a way back that leads nowhere any more; after a restart there is one."""
        if self._undo and not self._undo.is_open(self.host.session.monitor.latest):
            self.withdraw("what you changed has changed again since")
        session = self.host.session
        if self._undo is None and session.can_act and not session.read_only:
            self._offer_what_was_lost(session.monitor.latest)

    def _offer_what_was_lost(self, latest: Snapshot) -> None:
        """Offer to register again what a restart lost, and say so once."""
        if latest.at.monotonic < self._brought_back_at + SEEN_AFTER_S:
            return  # it may not be seen yet
        undo = UndoRestart.of(latest)
        lost = frozenset(map(str, undo.lost.models)) if undo else frozenset()
        if undo is not None:
            self.offer(undo)
        if lost - self._lost:
            words = f"the server restarted without {plural(len(lost), 'version')}"
            self.talk.note(Note(words, "{model.undo} registers them again"))
        self._lost = lost

    # Taking it

    def _take_back(self) -> None:
        """Take the last change back; until that is done it can be asked for again."""
        if undo := self._undo:
            self.talk.ask(self._carry_out(undo))

    async def _carry_out(self, undo: Undo) -> None:
        if await self._send_back(undo):
            self.withdraw("it was already undone")
            self.host.session.monitor.poke()

    async def _send_back(self, undo: Undo) -> bool:
        management = self.host.session.client.management
        if isinstance(undo, UndoScale):
            return await undo.scale_back()
        if isinstance(undo, UndoDefault):
            return await self._default_back(undo, management)
        if isinstance(undo, UndoUnregister):
            await self._register_again(undo, management)
            return True
        if isinstance(undo, UndoRestart):
            await self._bring_back(undo.lost, management)
            return True
        return False

    async def _bring_back(self, lost: DeclaredState, management: Management) -> None:
        """Register again what is missing, one after the other.

        Raises:
            NotApplied: one of them does not come up; the others after it are not tried.
        """
        from tsmon.declared.applying import NotApplied, StepOutcome, carry_out
        from tsmon.declared.changes import plan_for
        from tsmon.declared.lost import BringBack
        from tsmon.declared.state import state_of

        before = await state_of(management)
        plan = plan_for("", BringBack(lost), before)
        async for step in carry_out(management, plan.plan, before):
            self.host.session.monitor.poke()
            if step.outcome is StepOutcome.FAILED:
                raise NotApplied(f"{step.step}: {step.detail}", "{model.undo} tries it again")
        self._brought_back_at = time.monotonic()
        done = plural(len({str(step.version) for step in plan.steps}), "version")
        self.talk.note(Note(f"{done} registered again"), bad=False)

    async def _default_back(self, undo: UndoDefault, management: Management) -> bool:
        if not await ask_default(self.host, UNDO, undo.before, management):
            return False
        self.talk.note(Note(f"{undo.before} is the default version again"), bad=False)
        return True

    async def _register_again(self, undo: UndoUnregister, management: Management) -> None:
        found, key = undo.found, ModelKey(undo.found.name, undo.found.version)
        await management.register(undo.registration)
        self.host.models_pane.select(key)
        await undo.restore_limit(management)
        if found.min_workers:
            self.host.rollouts.watch(key, found.min_workers)
        self.talk.note(Note(f"{key} is registered again"), bad=False)
