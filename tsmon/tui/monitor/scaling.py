"""Changing the number of workers of one version."""

from __future__ import annotations

import asyncio
from functools import partial

from tsmon.load.capacity.advice import Advice, advise
from tsmon.load.capacity.machine import machine_of
from tsmon.load.capacity.prediction import Target
from tsmon.load.capacity.situation import situation_of
from tsmon.telemetry.snapshot import ModelKey, ModelStatus
from tsmon.telemetry.traffic import WINDOW_S
from tsmon.tui.format import plural
from tsmon.tui.monitor.capability import Capability, Handlers
from tsmon.tui.monitor.host import Host
from tsmon.tui.monitor.marking import Marking
from tsmon.tui.monitor.undoing import Undoing
from tsmon.tui.notes import Note
from tsmon.tui.rollouts import Rollout
from tsmon.tui.screens.confirm import Confirm
from tsmon.tui.screens.questions import about_fewer_workers, is_busy
from tsmon.tui.screens.scale import ScaleDialog
from tsmon.tui.undo import UndoScale


class Scaling(Capability):
    """Scales the selected version; while versions are marked, those."""

    def __init__(self, host: Host, undoing: Undoing, marking: Marking) -> None:
        super().__init__(host)
        self._undoing = undoing
        self._marking = marking

    def actions(self) -> Handlers:
        """The keys of the workers' number."""
        return {
            "workers.more": partial(self._scale_by, 1),
            "workers.fewer": partial(self._scale_by, -1),
            "workers.scale": self._scale,
        }

    def rollout_changed(self, rollout: Rollout) -> None:
        """Tell where somebody else had the last word; the row alone may be gone by then."""
        progress = rollout.progress
        if progress and progress.overtaken and rollout.key == self.host.selected:
            self._undoing.withdraw("somebody else changed it meanwhile")
            self.talk.note(Note(f"{rollout.key}: {progress.reason}", progress.hint))

    def _scale_by(self, change: int) -> None:
        """One worker more or fewer."""
        if self._marking.marked:
            self._marking.scale_by(change)
        elif model := self.host.chosen():
            self._set_workers(model, self.host.rollouts.planned(model) + change)

    def _scale(self, start: int | None = None) -> None:
        """Ask for a number of workers."""
        if self._marking.marked:
            self._marking.scale(start)
        elif model := self.host.chosen():
            self.talk.ask(self._ask_number(model, start))

    def scale_to(self, count: int) -> None:
        """Say what that many workers will mean, and ask whether to have them."""
        self._scale(count)

    async def _ask_number(self, model: ModelStatus, start: int | None) -> None:
        advice = await asyncio.to_thread(self._advice, model)
        planned, local = self.host.rollouts.planned(model), self.host.session.is_local
        dialog = ScaleDialog(model, planned, start, local=local, advice=advice)
        target = await self.talk.push_wait(dialog)
        if target is not None:
            self._set_workers(model, target, asked=True)

    def _advice(self, model: ModelStatus) -> Advice | None:
        """How many workers the traffic of the last minute needs. It reads the process table."""
        monitor = self.host.session.monitor
        recent = monitor.past.since(monitor.latest.at.monotonic - WINDOW_S)
        situation = situation_of(recent, model.key, machine_of(model))
        return advise(situation, Target()) if situation else None

    def _set_workers(self, model: ModelStatus, target: int, *, asked: bool = False) -> None:
        """Change the number at once, so that the next press counts from it.

        It is asked first before the last worker goes, and, unless that was told already, before
        one goes that may be at work.
        """
        planned = self.host.rollouts.planned(model)
        settled = target == planned == len(model.workers)
        if target < 0 or settled:
            return
        if target == 0 or (target < planned and is_busy(model) and not asked):
            self.talk.ask(self._remove_workers(model, planned, target))
        else:
            self._begin(model, planned, target)

    async def _remove_workers(self, model: ModelStatus, planned: int, target: int) -> None:
        if await self.talk.push_wait(Confirm(about_fewer_workers(model, planned, target))):
            self._begin(model, planned, target)

    def _begin(self, model: ModelStatus, planned: int, target: int) -> None:
        """Scale, and offer the way back to before the change under way, if there is one."""
        rollouts = self.host.rollouts
        rollout = rollouts.of(model.key)
        before = rollout.before if rollout and rollout.running else planned
        rollouts.scale(model.key, len(model.workers), target)
        if before == target:
            self._undoing.withdraw()
            return
        words = f"back to {plural(before, 'worker')}"
        undo = UndoScale(
            words,
            f"Scale {model.key} {words}, from {target}.",
            self._undoing.lives,
            model.key,
            before,
            target,
            rollouts.planned,
            partial(self._scale_back, model.key, before),
        )
        self._undoing.offer(undo)

    def _scale_back(self, key: ModelKey, before: int) -> None:
        model = self.host.session.monitor.latest.model(key)
        if model is not None:
            self._set_workers(model, before)
