"""Versions of models: describe, archive, register, unregister, set the default."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tsmon.threads import in_thread
from tsmon.tui.monitor.asking import Still, answered, ask_default, present, versions_beside
from tsmon.tui.monitor.capability import Capability, Handlers
from tsmon.tui.state.undo import UndoDefault, UndoUnregister, no_way_back
from tsmon.tui.text.model_state import old_words
from tsmon.tui.text.notes import Note
from tsmon.units import count, plural

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelStatus
    from tsmon.torchserve.records import ModelVersion
    from tsmon.tui.monitor.bulk import Marking
    from tsmon.tui.monitor.screen import MonitorScreen
    from tsmon.tui.monitor.undoing import Undoing
    from tsmon.tui.screens.confirm import Confirm
    from tsmon.tui.state.registration import Registered


class Versions(Capability):
    """Which versions there are, and which is the default one."""

    def __init__(self, host: MonitorScreen, undoing: Undoing, marking: Marking) -> None:
        super().__init__(host)
        self._undoing = undoing
        self._marking = marking

    def actions(self) -> Handlers:
        """The keys of the models, but for those that replace and take back."""
        return {
            "model.register": lambda: self.talk.ask(self._register()),
            "model.unregister": self._begin_unregister,
            "model.set-default": self._begin_set_default,
            "model.describe": self._describe,
            "model.archive": lambda: self.talk.ask(self._archive()),
        }

    # Describe and archive

    def _describe(self) -> None:
        """Show everything that is known of the selected version."""
        from tsmon.tui.screens.describe import Describe

        model, snapshot = self.host.chosen(), self.host.snapshot
        if model and self.host.session.can_act:
            self.talk.ask(self._ask_description(model))
        elif model and snapshot:
            self.talk.push(Describe(model, model.described, old_words(snapshot)))

    async def _ask_description(self, model: ModelStatus) -> None:
        from tsmon.tui.screens.describe import Describe

        management = self.host.session.client.management
        described = await management.describe(model.key.name, model.key.version)
        shown = self.host.session.monitor.latest.model(model.key) or model
        ask = partial(management.customized, model.key.name, model.key.version)
        self.talk.push(Describe(shown, described, ask=ask))

    async def _archive(self) -> None:
        from tsmon.tui.screens.archive import ArchiveDialog

        folder = self.host.options.model_store or Path.cwd()
        path = await self.talk.push_wait(ArchiveDialog(folder))
        if path:
            self.talk.note(Note(f"built {path}", "{model.register} registers it"), bad=False)

    # Register

    async def _register(self) -> None:
        from tsmon.tui.screens.register import RegisterDialog

        snapshot = self.host.session.monitor.latest
        dialog = RegisterDialog(
            self.host.session.client.management,
            self.host.options.model_store,
            [model.key for model in snapshot.models if not model.gone],
            model_api=snapshot.server.model_api,
        )
        done = await self.talk.push_wait(dialog)
        if done is not None:
            self.host.session.monitor.poke()
            self.show_registered(done)

    def show_registered(self, done: Registered) -> None:
        """Select what was registered, follow its workers, and say what the archive overruled."""
        note = Note(done.message)
        if done.key is not None and done.model is not None:
            self.host.models_pane.select(done.key)
            if done.model.min_workers:
                self.host.rollouts.watch(done.key, done.model.min_workers)
                note = Note(f"{done.key} is registered")
        self.talk.note(note, bad=False)
        if done.differences:
            won = Note("the archive's own settings took precedence", "; ".join(done.differences))
            self.talk.note(won, bad=False)

    # Unregister

    def _begin_unregister(self) -> None:
        """Remove the marked versions or the selected one; one that is gone leaves the screen."""
        model = self.host.model
        if self._marking.marked:
            self._marking.unregister()
        elif model and model.gone:
            self.host.forget(model.key)
        elif model := self.host.chosen():
            self.talk.ask(self._unregister(model))

    async def _unregister(self, model: ModelStatus) -> None:
        from tsmon.tui.screens.confirm import Confirm
        from tsmon.tui.screens.questions import about_unregistering

        others = versions_beside(self.host, model.key)
        if model.is_default and others:
            refused = (
                f"{model.key} is the default version; TorchServe removes it only when it is the "
                "last version"
            )
            way_on = "select another version and make it the default with {model.set-default} first"
            self.talk.note(Note(refused, way_on))
            return
        key, management = model.key, self.host.session.client.management
        lost = ""

        async def dialog(still: Still) -> Confirm:
            nonlocal lost
            now, store = present(self.host, key), self.host.options.model_store
            lost = await in_thread(no_way_back, now.described, store)
            others = versions_beside(self.host, key)
            question = about_unregistering(now, others, lost, self.host.options.keys)

            async def unregister() -> None:
                still.check()
                await management.unregister(key.name, key.version)

            return Confirm(question, unregister, "the server ends its workers …")

        if not await answered(self.host, "model.unregister", [key], dialog):
            return
        self.host.forget(key)
        self._can_register_again(model.described, lost)
        way_back = f"cannot be undone: {lost}" if lost else "{model.undo} registers it again"
        self.talk.note(Note(f"{key} is unregistered", way_back), bad=False)

    def _can_register_again(self, found: ModelVersion, lost: str) -> None:
        """Offer the way back after a version was unregistered, or remember why there is none."""
        self._undoing.withdraw(lost)
        if not lost:
            store = self.host.options.model_store
            undo = UndoUnregister(
                f"register {found.version} again",
                f"Register {found.name} {found.version} again from {found.url}, with "
                f"{plural(found.min_workers, 'worker')}, batch size {count(found.batch_size)} and "
                "its other settings.",
                self._undoing.lives,
                found,
                store / found.url if store else None,
            )
            self._undoing.offer(undo)

    # Default

    def _begin_set_default(self) -> None:
        """Make the selected version the default one."""
        model = self.host.chosen()
        if model and model.is_default:
            self.talk.note(Note(f"{model.key} is already the default version"), bad=False)
        elif model:
            self.talk.ask(self._set_default(model))

    async def _set_default(self, model: ModelStatus) -> None:
        key, management = model.key, self.host.session.client.management
        others = versions_beside(self.host, key)
        before = next((each for each in others if each.is_default), None)
        if not await ask_default(self.host, "model.set-default", key, management):
            return
        self.host.session.monitor.poke()
        if before is not None:
            undo = UndoDefault(
                f"default {before.key.version} again",
                f"Send requests to {key.name} without a version to {before.key.version} again.",
                self._undoing.lives,
                key,
                before.key,
            )
            self._undoing.offer(undo)
        words = f"requests to {key.name} without a version now go to {key.version}"
        self.talk.note(Note(words, "{model.undo} undoes it" if before else ""), bad=False)
