"""The monitor whose actions on models act on all that are marked."""

from __future__ import annotations

from collections.abc import Sequence

from tsmon.telemetry.snapshot import ModelKey, ModelStatus
from tsmon.tui.bulk import Bulk, Removal, Stand, plan_removals
from tsmon.tui.format import plural
from tsmon.tui.keymap import PaneName
from tsmon.tui.notes import EXPECTED, Note
from tsmon.tui.options import MonitorOptions
from tsmon.tui.rollouts import Rollout
from tsmon.tui.screens.bulk import (
    BulkProgress,
    ConfirmMany,
    ScaleMany,
    about_emptying,
    about_removals,
    in_lines,
    spell_removals,
)
from tsmon.tui.screens.copying import CopyingScreen
from tsmon.tui.session import Session
from tsmon.tui.tones import Tone
from tsmon.tui.widgets.models_pane import ModelsPane


class MarkingScreen(CopyingScreen):
    """Marks, and what scaling and unregistering mean while there are some."""

    def __init__(self, session: Session, options: MonitorOptions) -> None:
        super().__init__(session, options)
        self._bulks: list[Bulk] = []
        """Those under way."""

    def connect(self, session: Session) -> None:
        """Watch another server; what was under way on the one before is not followed any more."""
        self._bulks.clear()
        super().connect(session)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Rows are marked in the models only."""
        if action in {"mark", "mark_shown"} and self.current is not PaneName.MODELS:
            return False
        return super().check_action(action, parameters)

    # Marks

    def action_mark(self) -> None:
        """Mark the row under the cursor and go on."""
        self.query_one(ModelsPane).mark()

    def action_mark_shown(self) -> None:
        """Mark all rows that are shown, or none of them."""
        self.query_one(ModelsPane).mark_shown()

    def action_clear_marks(self) -> None:
        """Take all marks away."""
        self.query_one(ModelsPane).clear_marks()

    def _marked_now(self) -> list[ModelStatus]:
        """The marked versions as the server has them now."""
        latest = self.session.monitor.latest
        marked = self.query_one(ModelsPane).marked
        return [latest.model(model.key) or model for model in marked]

    def _scalable(self) -> list[tuple[ModelStatus, int]]:
        """The marked versions that are there, with the workers each has or will have."""
        present = [model for model in self._marked_now() if not model.gone]
        if not present:
            self.note(
                Note("all that are marked are gone", "{model.unregister} takes them off the list")
            )
        return [(model, self._planned(model)) for model in present]

    # Workers

    def action_scale_by(self, change: int) -> None:
        """One worker more or fewer, for each that is marked."""
        if not self._marked_now():
            super().action_scale_by(change)
        elif models := self._scalable():
            targets = [(model, now + change) for model, now in models if now + change >= 0]
            if emptied := self._emptied(targets):
                self._ask(self._scale_after_question(targets, emptied))
            elif targets:  # at once, so that the next press counts from it
                self._scale_each(targets, followed=False)

    def action_scale(self) -> None:
        """Ask for a number of workers, for all that are marked."""
        if not self._marked_now():
            super().action_scale()
        elif models := self._scalable():
            self._ask(self._scale_marked(models))

    def scale_to(self, count: int) -> None:
        """Ask whether all that are marked shall have that many workers."""
        if not self._marked_now():
            super().scale_to(count)
        elif models := self._scalable():
            self._ask(self._scale_marked(models, count))

    async def _scale_marked(
        self, models: list[tuple[ModelStatus, int]], start: int | None = None
    ) -> None:
        dialog = ScaleMany(models, start, local=self.session.is_local)
        target = await self.app.push_screen_wait(dialog)
        if target is None:
            return
        targets = [(model, target) for model, _ in models]
        if await self._may_empty(self._emptied(targets)):
            await self._follow_bulk(self._scale_each(targets, followed=True))

    async def _scale_after_question(
        self, targets: Sequence[tuple[ModelStatus, int]], emptied: Sequence[ModelStatus]
    ) -> None:
        if await self._may_empty(emptied):
            self._scale_each(targets, followed=False)

    def _scale_each(self, targets: Sequence[tuple[ModelStatus, int]], *, followed: bool) -> Bulk:
        """Begin all changes."""
        bulk = self._scaling([model.key for model, _ in targets], followed=followed)
        for model, target in targets:
            if target == self._planned(model) == len(model.workers):
                bulk.put(model.key, Stand.SKIPPED, f"has {plural(target, 'worker')} already")
            else:
                self.rollouts.scale(model.key, len(model.workers), target)
        self._end_bulks()
        return bulk

    def _emptied(self, targets: Sequence[tuple[ModelStatus, int]]) -> list[ModelStatus]:
        """The versions that would be left without workers."""
        return [model for model, target in targets if target == 0 and self._planned(model)]

    async def _may_empty(self, emptied: Sequence[ModelStatus]) -> bool:
        """Ask once for all versions that would be left without workers."""
        if not emptied:
            return True
        spans = in_lines([(f"  {model.key}", Tone.PLAIN)] for model in emptied)
        answer = await self.app.push_screen_wait(ConfirmMany(about_emptying(emptied), spans))
        return bool(answer)

    def rollout_changed(self, rollout: Rollout) -> None:
        """A change of workers took a step."""
        super().rollout_changed(rollout)
        for bulk in self._bulks:
            bulk.hear(rollout)
        self._end_bulks()

    # Unregister

    def action_unregister(self) -> None:
        """Remove the marked versions, or without marks the selected one."""
        if marked := self._marked_now():
            registered = self.session.monitor.latest.models
            self._ask(self._unregister_marked(plan_removals(marked, registered)))
        else:
            super().action_unregister()

    async def _unregister_marked(self, removals: Sequence[Removal]) -> None:
        dialog = ConfirmMany(about_removals(removals), spell_removals(removals))
        if not await self.app.push_screen_wait(dialog):
            return
        keys = [removal.model.key for removal in removals]
        bulk = Bulk("Unregister", "unregistered", keys, followed=True)
        self._bulks.append(bulk)
        self._do(self._unregister_each(bulk, removals))
        await self._follow_bulk(bulk)

    async def _unregister_each(self, bulk: Bulk, removals: Sequence[Removal]) -> None:
        """One after the other, since a default version waits for those before it."""
        for removal in removals:
            key = removal.model.key
            if removal.obstacle:
                bulk.put(key, Stand.SKIPPED, removal.obstacle)
                continue
            bulk.put(key, Stand.RUNNING)
            try:
                if not removal.model.gone:
                    await self.session.client.management.unregister(key.name, key.version)
            except EXPECTED as error:
                bulk.put(key, Stand.FAILED, str(error))
            else:
                self._dismiss(key)
                bulk.put(key, Stand.DONE, "unregistered")
        self._end_bulks()

    # What is under way

    def _scaling(self, keys: Sequence[ModelKey], *, followed: bool) -> Bulk:
        """A bulk for a change of workers; presses that nobody follows add up to one."""
        adding = (each for each in self._bulks if not each.followed)
        bulk = None if followed else next(adding, None)
        if bulk is None:
            bulk = Bulk("Scale", "scaled", keys, followed=followed)
            self._bulks.append(bulk)
        else:
            bulk.add(keys)
        return bulk

    async def _follow_bulk(self, bulk: Bulk) -> None:
        """Show how far it is; if it ends after that was closed, a note tells how."""
        await self.app.push_screen_wait(BulkProgress(bulk))
        if bulk.ended:
            self._bulks.remove(bulk)
        bulk.followed = False

    def _end_bulks(self) -> None:
        """Tell how those ended that nobody follows."""
        for bulk in [each for each in self._bulks if each.ended and not each.followed]:
            self._bulks.remove(bulk)
            self.note(bulk.summary(), bad=bulk.failed)
