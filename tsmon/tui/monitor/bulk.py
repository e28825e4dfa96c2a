"""Marks, and what acts on all versions that are marked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from tsmon.telemetry.snapshot import ModelKey, ModelStatus
from tsmon.tui.keymap import PaneName
from tsmon.tui.monitor.asking import Still, answered
from tsmon.tui.monitor.capability import Capability, Handlers
from tsmon.tui.monitor.presence import Refused
from tsmon.tui.state.bulk import Bulk, BulkRemoval, Stand, plan_removals
from tsmon.tui.state.risk import WorkerChange, weigh
from tsmon.tui.text.notes import EXPECTED, Note
from tsmon.units import plural

if TYPE_CHECKING:
    from tsmon.tui.monitor.screen import MonitorScreen
    from tsmon.tui.screens.bulk import ConfirmMany, Losing, ScaleMany
    from tsmon.tui.state.rollouts import Rollout

SCALE = "workers.scale"

Targets = Sequence[tuple[ModelStatus, int]]
"""Versions, each with the workers it has or is to have."""


class Marking(Capability):
    """Marks, and what scaling and unregistering mean while there are some."""

    def __init__(self, host: MonitorScreen) -> None:
        super().__init__(host)
        self._bulks: list[Bulk] = []
        """Those under way."""

    def actions(self) -> Handlers:
        """The keys that mark."""
        return {
            "table.mark": lambda: self.host.models_pane.mark(),
            "table.mark-shown": lambda: self.host.models_pane.mark_shown(),
        }

    def allows(self, id_: str) -> bool:
        """Rows are marked in the models only."""
        return self.host.current is PaneName.MODELS

    def connected(self) -> None:
        """What was under way on the server before is not followed any more."""
        left, self._bulks = [bulk for bulk in self._bulks if not bulk.ended], []
        for bulk in left:
            ended = bulk.summary()
            words = (
                f"{bulk.title}: no longer followed, as another server is watched; {ended.message}"
            )
            self.talk.note(Note(words, ended.hint))

    @property
    def marked(self) -> list[ModelStatus]:
        """The marked versions as the server has them now."""
        latest = self.host.session.monitor.latest
        return [latest.model(model.key) or model for model in self.host.models_pane.marked]

    # Workers

    def scale_by(self, change: int) -> None:
        """One worker more or fewer, for each that is marked."""
        targets = [(model, now + change) for model, now in self._scalable() if now + change >= 0]
        if self._losing(targets):
            id_ = "workers.more" if change > 0 else "workers.fewer"
            self.talk.ask(self._scale_after_question(id_, targets, followed=False))
        elif targets:  # at once, so that the next press counts from it
            self._scale_each(targets, followed=False)

    def scale(self, start: int | None) -> None:
        """Ask for a number of workers, for all that are marked."""
        if models := self._scalable():
            self.talk.ask(self._ask_number([model.key for model, _ in models], start))

    def _scalable(self) -> list[tuple[ModelStatus, int]]:
        """The marked versions that are there, with the workers each has or will have."""
        present = [model for model in self.marked if not model.gone]
        if not present:
            way_on = "{model.unregister} removes them from the list"
            self.talk.note(Note("all marked models are gone", way_on))
        return [(model, self.host.rollouts.planned(model)) for model in present]

    async def _ask_number(self, keys: Sequence[ModelKey], start: int | None) -> None:
        from tsmon.tui.screens.bulk import ScaleMany

        async def dialog(_: Still) -> ScaleMany:
            planned = self.host.rollouts.planned
            models = [(model, planned(model)) for model in self._present(keys)]
            return ScaleMany(models, start, local=self.host.session.is_local)

        target = await answered(self.host, SCALE, keys, dialog)
        if target is not None:
            targets = [(model, target) for model in self._present(keys)]
            await self._scale_after_question(SCALE, targets, followed=True)

    async def _scale_after_question(self, id_: str, targets: Targets, *, followed: bool) -> None:
        """Change the numbers; where something may be lost, after one question for all."""
        from tsmon.tui.screens.bulk import ConfirmMany, about_fewer_each, format_fewer_each

        wanted = {model.key: target for model, target in targets}

        def now() -> Targets:
            return [(model, wanted[model.key]) for model in self._present(wanted)]

        async def dialog(_: Still) -> ConfirmMany:
            losing = self._losing(now())
            return ConfirmMany(about_fewer_each(losing), format_fewer_each(losing))

        if self._losing(now()) and not await answered(self.host, id_, wanted, dialog):
            return
        bulk = self._scale_each(now(), followed=followed)
        if followed:
            await self._follow(bulk)

    def _present(self, keys: Iterable[ModelKey]) -> list[ModelStatus]:
        """Those versions that are there, as they are now.

        Raises:
            Refused: none is.
        """
        latest = self.host.session.monitor.latest
        found = [model for key in keys if (model := latest.model(key)) and not model.gone]
        if not found:
            raise Refused("all marked models are gone")
        return found

    def _losing(self, targets: Targets) -> list[Losing]:
        """The versions that may lose something by it, and how grave that is."""
        from tsmon.tui.screens.bulk import Losing

        planned = self.host.rollouts.planned
        changes = [(model, WorkerChange(planned(model), target)) for model, target in targets]
        return [
            Losing(model, change, severity)
            for model, change in changes
            if (severity := weigh(model, change))
        ]

    def _scale_each(self, targets: Targets, *, followed: bool) -> Bulk:
        """Begin all changes."""
        rollouts = self.host.rollouts
        bulk = self._scaling([model.key for model, _ in targets], followed=followed)
        for model, target in targets:
            if target == rollouts.planned(model) == len(model.workers):
                bulk.put(model.key, Stand.SKIPPED, f"already has {plural(target, 'worker')}")
            else:
                rollouts.scale(model.key, len(model.workers), target)
        self._end_bulks()
        return bulk

    def rollout_changed(self, rollout: Rollout) -> None:
        """A change of workers may belong to a bulk."""
        for bulk in self._bulks:
            bulk.hear(rollout)
        self._end_bulks()

    # Unregister

    def unregister(self) -> None:
        """Remove the marked versions."""
        self.talk.ask(self._unregister([model.key for model in self.marked]))

    async def _unregister(self, keys: Sequence[ModelKey]) -> None:
        from tsmon.tui.screens.bulk import ConfirmMany, about_removals, format_removals

        def removals() -> list[BulkRemoval]:
            return plan_removals(self.marked, self.host.session.monitor.latest.models)

        async def dialog(_: Still) -> ConfirmMany:
            planned = removals()
            return ConfirmMany(about_removals(planned), format_removals(planned))

        if not await answered(self.host, "model.unregister", keys, dialog):
            return
        agreed = removals()
        bulk = Bulk("Unregister", "unregistered", keys, followed=True)
        self._bulks.append(bulk)
        self.talk.do(self._unregister_each(bulk, agreed))
        await self._follow(bulk)

    async def _unregister_each(self, bulk: Bulk, removals: Sequence[BulkRemoval]) -> None:
        """One after the other, since a default version waits for those before it."""
        management = self.host.session.client.management
        for removal in removals:
            key = removal.model.key
            if removal.obstacle:
                bulk.put(key, Stand.SKIPPED, removal.obstacle)
                continue
            bulk.put(key, Stand.RUNNING)
            try:
                if not removal.model.gone:
                    await management.unregister(key.name, key.version)
            except EXPECTED as error:
                bulk.put(key, Stand.FAILED, str(error))
            else:
                self.host.forget(key)
                bulk.put(key, Stand.DONE, "unregistered")
        self._end_bulks()

    # What is under way

    def _scaling(self, keys: Sequence[ModelKey], *, followed: bool) -> Bulk:
        """A bulk for a change of workers; presses that no one follows add up to one."""
        adding = (each for each in self._bulks if not each.followed)
        bulk = None if followed else next(adding, None)
        if bulk is None:
            bulk = Bulk("Scale", "scaled", keys, followed=followed)
            self._bulks.append(bulk)
        else:
            bulk.add(keys)
        return bulk

    async def _follow(self, bulk: Bulk) -> None:
        """Show how far it is; if it ends after that was closed, a note shows how."""
        from tsmon.tui.screens.bulk import BulkProgress

        await self.talk.push_wait(BulkProgress(bulk))
        if bulk.ended:
            self._bulks.remove(bulk)
        bulk.followed = False

    def _end_bulks(self) -> None:
        """Report how those ended that no one follows."""
        for bulk in [each for each in self._bulks if each.ended and not each.followed]:
            self._bulks.remove(bulk)
            self.talk.note(bulk.summary(), bad=bulk.failed)
