"""The part of the monitor that changes versions and workers, and takes it back."""

from __future__ import annotations

import asyncio

from tsmon.load.capacity.advice import Advice, advise
from tsmon.load.capacity.machine import machine_of
from tsmon.load.capacity.prediction import Target
from tsmon.load.capacity.situation import situation_of
from tsmon.telemetry.snapshot import ModelKey, ModelStatus
from tsmon.telemetry.traffic import WINDOW_S
from tsmon.torchserve.records import ModelVersion
from tsmon.tui.format import plural
from tsmon.tui.keyed import keys_of
from tsmon.tui.notes import Note
from tsmon.tui.screens.confirm import Confirm
from tsmon.tui.screens.questions import (
    about_default,
    about_fewer_workers,
    about_unregistering,
    is_busy,
)
from tsmon.tui.screens.register import RegisterDialog
from tsmon.tui.screens.scale import ScaleDialog
from tsmon.tui.screens.undoing import UndoingScreen
from tsmon.tui.undo import Undo, UndoDefault, UndoScale, UndoUnregister, no_way_back
from tsmon.tui.widgets.models_pane import ModelsPane


class ChangingScreen(UndoingScreen):
    """Register, unregister, set the default, scale, and the way back from each but the first."""

    # Versions

    def action_register(self) -> None:
        """Register an archive."""
        self._ask(self._register())

    async def _register(self) -> None:
        snapshot = self.session.monitor.latest
        dialog = RegisterDialog(
            self.session.client.management,
            self.options.model_store,
            [model.key for model in snapshot.models if not model.gone],
            model_api=snapshot.server.model_api,
        )
        done = await self.app.push_screen_wait(dialog)
        if done is None:
            return
        self.session.monitor.poke()
        if done.key is None or done.model is None:
            self.note(Note(done.message), bad=False)
            return
        self.query_one(ModelsPane).select(done.key)
        if done.model.min_workers:
            self.rollouts.watch(done.key, done.model.min_workers)
            self.note(Note(f"{done.key} is registered"), bad=False)
        else:
            self.note(Note(done.message), bad=False)
        if done.differences:
            self.note(
                Note("the archive's own settings won", "; ".join(done.differences)), bad=False
            )

    def action_unregister(self) -> None:
        """Remove the selected version; one that is gone only leaves the screen."""
        if self.model and self.model.gone:
            self._dismiss(self.model.key)
        elif model := self._chosen():
            self._ask(self._unregister(model))

    def _dismiss(self, key: ModelKey) -> None:
        """Let go of a version that is not, or soon will not be, on the server."""
        self.session.monitor.dismiss(key)
        self.session.monitor.poke()
        self.rollouts.forget(key)

    async def _unregister(self, model: ModelStatus) -> None:
        others = self._others(model.key)
        if model.is_default and others:
            self.note(
                Note(
                    f"{model.key} is the default version; TorchServe removes it only as the last",
                    "select another version and make it the default with {model.set-default} first",
                )
            )
            return
        key, management = model.key, self.session.client.management
        lost = await asyncio.to_thread(no_way_back, model.described, self.options.model_store)
        question = about_unregistering(model, others, lost, keys_of(self))

        async def unregister() -> None:
            await management.unregister(key.name, key.version)

        if not await self._agreed(Confirm(question, unregister, "the server ends its workers …")):
            return
        self._dismiss(key)
        self._can_register_again(model.described, lost)
        way_back = f"no way back: {lost}" if lost else "{model.undo} registers it again"
        self.note(Note(f"{key} is unregistered", way_back), bad=False)

    def _can_register_again(self, found: ModelVersion, lost: str) -> None:
        """Offer the way back after a version was unregistered, or remember why there is none."""
        self.withdraw(lost)
        if not lost:
            store = self.options.model_store
            self.undo = UndoUnregister(
                f"register {found.version} again",
                f"Register {found.name} {found.version} again from {found.url}, with "
                f"{plural(found.min_workers, 'worker')}, batch size {found.batch_size} and its "
                "other settings.",
                self.lives,
                found,
                store / found.url if store else None,
            )

    def action_set_default(self) -> None:
        """Make the selected version the default one."""
        model = self._chosen()
        if model and model.is_default:
            self.note(Note(f"{model.key} is the default version already"), bad=False)
        elif model:
            self._ask(self._set_default(model))

    async def _set_default(self, model: ModelStatus) -> None:
        key, management = model.key, self.session.client.management
        before = next((each for each in self._others(key) if each.is_default), None)

        async def set_default() -> None:
            await management.set_default(key.name, key.version)

        if not await self._agreed(Confirm(about_default(model, before), set_default)):
            return
        self.session.monitor.poke()
        if before is not None:
            self.undo = UndoDefault(
                f"default {before.key.version} again",
                f"Send requests to {key.name} without a version to {before.key.version} again.",
                self.lives,
                key,
                before.key,
            )
        words = f"requests to {key.name} without a version go to {key.version} now"
        self.note(Note(words, "{model.undo} takes it back" if before else ""), bad=False)

    def _others(self, key: ModelKey) -> list[ModelStatus]:
        """The other versions of a model."""
        return [
            other
            for other in self.session.monitor.latest.models
            if other.key.name == key.name and other.key != key and not other.gone
        ]

    # Workers

    def action_scale_by(self, change: int) -> None:
        """One worker more or fewer."""
        model = self._chosen()
        if model:
            self._set_workers(model, self._planned(model) + change)

    def action_scale(self) -> None:
        """Ask for a number of workers."""
        model = self._chosen()
        if model:
            self._ask(self._scale(model))

    async def _scale(self, model: ModelStatus, start: int | None = None) -> None:
        advice = await asyncio.to_thread(self._advice, model)
        dialog = ScaleDialog(
            model, self._planned(model), start, local=self.session.is_local, advice=advice
        )
        target = await self.app.push_screen_wait(dialog)
        if target is not None:
            self._set_workers(model, target, asked=True)

    def _advice(self, model: ModelStatus) -> Advice | None:
        """How many workers the traffic of the last minute needs. It reads the process table."""
        past = self.session.monitor.past
        recent = past.since(self.session.monitor.latest.at.monotonic - WINDOW_S)
        situation = situation_of(recent, model.key, machine_of(model))
        return advise(situation, Target()) if situation else None

    def scale_to(self, count: int) -> None:
        """Say what that many workers will mean, and ask whether to have them."""
        model = self._chosen()
        if model:
            self._ask(self._scale(model, count))

    def _planned(self, model: ModelStatus) -> int:
        """How many workers there are, or will be when the change under way is done."""
        return self.rollouts.target(model.key, model.wanted)

    def _set_workers(self, model: ModelStatus, target: int, *, asked: bool = False) -> None:
        """Change the number at once, so that the next press counts from it.

        It is asked first before the last worker goes, and, unless that was told already, before
        one goes that may be at work.
        """
        planned = self._planned(model)
        settled = target == planned == len(model.workers)
        if target < 0 or settled:
            return
        if target == 0 or (target < planned and is_busy(model) and not asked):
            self._ask(self._remove_workers(model, planned, target))
        else:
            self._begin_scaling(model, planned, target)

    async def _remove_workers(self, model: ModelStatus, planned: int, target: int) -> None:
        if await self._agreed(Confirm(about_fewer_workers(model, planned, target))):
            self._begin_scaling(model, planned, target)

    def _begin_scaling(self, model: ModelStatus, planned: int, target: int) -> None:
        """Scale, and offer the way back to before the change under way, if there is one."""
        rollout = self.rollouts.of(model.key)
        before = rollout.before if rollout and rollout.running else planned
        self.rollouts.scale(model.key, len(model.workers), target)
        self.undo = None
        if before != target:
            words = f"back to {plural(before, 'worker')}"
            self.undo = UndoScale(
                words,
                f"Scale {model.key} {words}, from {target}.",
                self.lives,
                model.key,
                before,
                target,
                self._planned,
            )

    # The way back

    def action_undo(self) -> None:
        """Take the last change back."""
        undo, self.undo = self.undo, None
        if isinstance(undo, UndoScale):
            model = self.session.monitor.latest.model(undo.key)
            if model is not None:
                self._set_workers(model, undo.before)
                self.undo = None
        elif undo is not None:
            self._do(self._take_back(undo))

    async def _take_back(self, undo: Undo) -> None:
        management = self.session.client.management
        if isinstance(undo, UndoDefault):
            await management.set_default(undo.before.name, undo.before.version)
            self.note(Note(f"{undo.before} is the default version again"), bad=False)
        elif isinstance(undo, UndoUnregister):
            found, key = undo.found, ModelKey(undo.found.name, undo.found.version)
            await management.register(undo.registration)
            self.query_one(ModelsPane).select(key)
            await undo.restore_limit(management)
            if found.min_workers:
                self.rollouts.watch(key, found.min_workers)
            self.note(Note(f"{key} is registered again"), bad=False)
        self.session.monitor.poke()

    async def _agreed(self, confirm: Confirm) -> bool:
        """Ask."""
        agreed = await self.app.push_screen_wait(confirm)
        return bool(agreed)
