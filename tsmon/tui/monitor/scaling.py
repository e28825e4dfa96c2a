"""Changing the number of workers of one version."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tsmon.telemetry.traffic import WINDOW_S
from tsmon.threads import in_thread
from tsmon.tui.monitor.asking import Still, answered, present
from tsmon.tui.monitor.bulk import SCALE
from tsmon.tui.monitor.capability import Capability, Handlers
from tsmon.tui.monitor.undoing import UNDO, Undoing
from tsmon.tui.state import risk as weighing
from tsmon.tui.state.risk import weigh
from tsmon.tui.state.undo import UndoScale
from tsmon.tui.text.notes import Note
from tsmon.units import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tsmon.load.capacity.advice import Advice
    from tsmon.telemetry.history import HistoryPoint
    from tsmon.telemetry.instant import Instant
    from tsmon.telemetry.snapshot import ModelKey, ModelStatus
    from tsmon.tui.monitor.bulk import Marking
    from tsmon.tui.monitor.screen import MonitorScreen
    from tsmon.tui.screens.confirm import Confirm
    from tsmon.tui.screens.scale import ScaleDialog
    from tsmon.tui.state.rollouts import Rollout


class Scaling(Capability):
    """Scales the selected version; while versions are marked, those."""

    def __init__(self, host: MonitorScreen, undoing: Undoing, marking: Marking) -> None:
        super().__init__(host)
        self._undoing = undoing
        self._marking = marking

    def actions(self) -> Handlers:
        """The keys of the workers' number."""
        return {
            "workers.more": partial(self._scale_by, 1),
            "workers.fewer": partial(self._scale_by, -1),
            SCALE: self._scale,
        }

    def rollout_changed(self, rollout: Rollout) -> None:
        """Say where someone else changed it last; the row alone may be gone by then."""
        progress = rollout.progress
        if progress and progress.overtaken and rollout.key == self.host.selected:
            self._undoing.withdraw("someone else changed it in the meantime")
            self.talk.note(Note(f"{rollout.key}: {progress.reason}", progress.hint))

    def _scale_by(self, change: int) -> None:
        """One worker more or fewer."""
        if self._marking.marked:
            self._marking.scale_by(change)
        elif model := self.host.chosen():
            id_ = "workers.more" if change > 0 else "workers.fewer"
            target = self.host.rollouts.planned(model) + change
            if self._may_lose(model, target):
                self.talk.ask(self._set_workers(id_, model.key, target))
            elif target >= 0:  # at once, so that the next press counts from it
                self._begin(model, target)

    def _scale(self, start: int | None = None) -> None:
        """Ask for a number of workers."""
        if self._marking.marked:
            self._marking.scale(start)
        elif model := self.host.chosen():
            self.talk.ask(self._ask_number(model.key, start))

    def scale_to(self, count: int) -> None:
        """Say what that many workers will mean, and ask whether to have them."""
        self._scale(count)

    async def _ask_number(self, key: ModelKey, start: int | None) -> None:
        from tsmon.tui.screens.scale import ScaleDialog

        async def dialog(_: Still) -> ScaleDialog:
            model = present(self.host, key)
            advice = await in_thread(self._advice, model)
            planned, local = self.host.rollouts.planned(model), self.host.session.is_local
            return ScaleDialog(
                model,
                planned,
                start,
                local=local,
                advice=advice,
                past=partial(self._past, key),
                symbols=self.host.symbols,
            )

        target = await answered(self.host, SCALE, [key], dialog)
        if target is not None:
            await self._set_workers(SCALE, key, target)

    def _past(self, key: ModelKey) -> tuple[Sequence[HistoryPoint], Instant]:
        """What the chart of a version is drawn from, up to now."""
        from tsmon.tui.widgets.outlook_chart import SECONDS

        end = self.host.session.monitor.latest.at
        return self.host.session.history.points(key, SECONDS, end), end

    def _advice(self, model: ModelStatus) -> Advice | None:
        """How many workers the traffic of the last minute needs. It reads the process table."""
        from tsmon.load.capacity.advice import advise
        from tsmon.load.capacity.machine import machine_of
        from tsmon.load.capacity.prediction import LatencyGoal
        from tsmon.load.capacity.situation import situation_of

        monitor = self.host.session.monitor
        recent = self.host.session.past.since(monitor.latest.at.monotonic - WINDOW_S)
        situation = situation_of(recent, model.key, machine_of(model))
        return advise(situation, LatencyGoal()) if situation else None

    def _may_lose(self, model: ModelStatus, target: int) -> bool:
        planned = self.host.rollouts.planned(model)
        return weigh(model, weighing.WorkerChange(planned, target)) is not None

    async def _set_workers(self, id_: str, key: ModelKey, target: int) -> bool:
        """Change the number, after a question where something may be lost; whether it is done.

        Raises:
            Refused: the version is gone.
        """
        from tsmon.tui.screens.confirm import Confirm
        from tsmon.tui.screens.questions import about_fewer_workers

        model = present(self.host, key)
        if self._may_lose(model, target):

            async def dialog(_: Still) -> Confirm:
                model = present(self.host, key)
                planned = self.host.rollouts.planned(model)
                return Confirm(about_fewer_workers(model, planned, target))

            if not await answered(self.host, id_, [key], dialog):
                return False
        self._begin(present(self.host, key), target)
        return True

    def _begin(self, model: ModelStatus, target: int) -> None:
        """Scale, and offer the way back to before the change under way, if there is one."""
        rollouts = self.host.rollouts
        planned = rollouts.planned(model)
        if target == planned == len(model.workers):
            return
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
            partial(self._set_workers, UNDO, model.key, before),
        )
        self._undoing.offer(undo)
