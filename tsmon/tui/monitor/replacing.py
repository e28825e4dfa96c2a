"""Replacing versions and restarting workers, step by step."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tsmon.telemetry.snapshot import ModelKey, ModelStatus
from tsmon.threads import in_thread
from tsmon.torchserve.changes import Change, scale_change
from tsmon.torchserve.replacement import Replacement
from tsmon.tui.monitor.asking import Still, answered, present
from tsmon.tui.monitor.capability import Capability, Handlers
from tsmon.tui.state.risk import Restart, Risk, weigh
from tsmon.tui.text.notes import Note
from tsmon.tui.text.preview import memory_row, preview_change
from tsmon.tui.text.tones import Tone, line

if TYPE_CHECKING:
    from tsmon.serving.restart import CannotRoll
    from tsmon.torchserve.procedure import Procedure
    from tsmon.torchserve.records import ModelVersion
    from tsmon.tui.monitor.screen import MonitorScreen
    from tsmon.tui.monitor.undoing import Undoing
    from tsmon.tui.screens.confirm import Confirm, Question
    from tsmon.tui.screens.replace import ReplaceDialog
    from tsmon.tui.state.digits import Desk


class Replacing(Capability):
    """Changes of several steps, each shown as it goes."""

    def __init__(self, host: MonitorScreen, undoing: Undoing, desk: Desk) -> None:
        super().__init__(host)
        self._undoing = undoing
        self._desk = desk

    def actions(self) -> Handlers:
        """Both begin with a question about the selected version."""
        return {"model.replace": self._begin_replace, "workers.restart": self._begin_restart}

    def _begin_replace(self) -> None:
        """Put another version in the place of the selected one."""
        if model := self.host.chosen():
            self.talk.ask(self._replace(model))

    async def _replace(self, model: ModelStatus) -> None:
        from tsmon.tui.screens.replace import ReplaceDialog

        async def dialog(_: Still) -> ReplaceDialog:
            return ReplaceDialog(
                present(self.host, model.key),
                self.host.session.client,
                self.host.options.model_store,
                [each.key for each in self.host.session.monitor.latest.models if not each.gone],
                test=await self._test_image(model.key),
            )

        plan = await answered(self.host, "model.replace", [model.key], dialog)
        if plan is None:
            return
        replacement = Replacement(self.host.session.client, plan)
        await self._show_steps(f"Replace {model.key}", replacement)
        new = replacement.new
        if new is not None and replacement.ending is not None and replacement.ending.done:
            self.host.session.monitor.dismiss(model.key)
            self.host.models_pane.select(ModelKey(new.name, new.version))

    async def _test_image(self, key: ModelKey) -> Path | None:
        """The chosen image, where the version is known to read digits."""
        return self._desk.chosen if await self._desk.has_digit_handler(key) else None

    def _begin_restart(self) -> None:
        """Restart the workers of the selected version."""
        if model := self.host.chosen():
            self.talk.ask(self._restart(model))

    async def _restart(self, model: ModelStatus) -> None:
        from tsmon.serving.restart import CannotRoll, RestartAtOnce, RollingRestart
        from tsmon.tui.screens.confirm import Confirm

        key, client = model.key, self.host.session.client
        procedure: Procedure | None = None

        async def dialog(_: Still) -> Confirm:
            nonlocal procedure
            found = await client.management.describe(key.name, key.version)
            now = present(self.host, key)
            try:
                procedure = await in_thread(RollingRestart, client, found)
                return Confirm(_one_at_a_time(now, found))
            except CannotRoll as error:
                procedure = RestartAtOnce(client, found)
                return Confirm(_all_at_once(now, found, error))

        if await answered(self.host, "workers.restart", [key], dialog) and procedure:
            await self._show_steps(f"Restart {key}", procedure)

    async def _show_steps(self, heading: str, procedure: Procedure) -> None:
        """Carry it out before the person's eyes; what was changed before cannot be taken back."""
        from tsmon.tui.screens.steps import StepsScreen

        self._undoing.withdraw()
        await self.talk.push_wait(StepsScreen(heading, procedure))
        self.host.session.monitor.poke()
        if procedure.ending is not None and not procedure.ending.done:
            self.talk.note(Note(procedure.ending.message, procedure.ending.hint))


def _one_at_a_time(model: ModelStatus, found: ModelVersion) -> Question:
    from tsmon.tui.screens.confirm import Question

    workers = len(found.workers)
    rows = [
        ("workers", str(workers), f"{workers + 1} temporarily, then {workers}"),
        *memory_row(model, workers, workers + 1, passing=True),
    ]
    shown = preview_change(rows, _scalings(found, workers + 1, workers))
    words = (
        "One extra worker stands in while each process is ended in turn and TorchServe starts it "
        "again. The model keeps serving. A process is ended when it looks idle; if it has a "
        "request after all, that request gets a 500."
    )
    heading = f"Restart the workers of {model.key}, one at a time?"
    consequences = shown + line((f"\n\n{words}", Tone.PLAIN))
    severity = weigh(model, Restart(one_at_a_time=True)) or Risk.CHANGE
    return Question(heading, consequences, severity, "Restart")


def _all_at_once(model: ModelStatus, found: ModelVersion, why: CannotRoll) -> Question:
    from tsmon.tui.screens.confirm import Question

    workers = len(found.workers)
    rows = [("workers", str(workers), f"0, then {workers}")]
    shown = preview_change(rows, _scalings(found, 0, workers))
    if model.ready:
        words = "All workers end, and requests get a 503 until the model is loaded again."
    else:
        words = "No worker is ready, so no request is lost; all are started again."
    words = f"{words} {str(why)[:1].upper()}{str(why)[1:]}."
    return Question(
        f"Restart all workers of {model.key} at once?",
        shown + line((f"\n\n{words}", Tone.PLAIN)),
        weigh(model, Restart(one_at_a_time=False)) or Risk.CHANGE,
        "Restart",
        typed=model.key.name,
    )


def _scalings(found: ModelVersion, *workers: int) -> list[Change]:
    return [scale_change(found.name, each, version=found.version) for each in workers]
