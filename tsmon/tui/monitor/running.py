"""The pane of a load run or experiment: opened, stopped, closed, its report handed on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tsmon.threads import in_thread
from tsmon.tui.keymap import PaneName
from tsmon.tui.monitor.capability import Capability, Handlers
from tsmon.tui.state.messages import JobBegun
from tsmon.tui.text.notes import Note

if TYPE_CHECKING:
    from tsmon.tui.monitor.screen import MonitorScreen
    from tsmon.tui.widgets.run_pane import RunPane, RunView

RUN_UNDER_WAY = Note("a run is still under way", "{view.run}, then {digits.stop} stops it")
NO_RUN = Note("there is no run", "{digits.load} starts a load run, {digits.experiment} compares")
GROUP = "run"
"""The work that follows a run."""


class Running(Capability):
    """At most one run at a time; its pane stays after its end until it is closed."""

    def __init__(self, host: MonitorScreen) -> None:
        super().__init__(host)
        self._pane: RunPane | None = None

    def actions(self) -> Handlers:
        """The report as a file."""
        return {"run.save": self._save}

    def connected(self) -> None:
        """A run on another server has ended."""
        self._close()

    @property
    def view(self) -> RunView | None:
        """The run in the pane."""
        return self._pane.view if self._pane is not None else None

    def is_free(self) -> bool:
        """Whether another run may begin; says so where not."""
        if self.view is not None and self.view.job.running:
            self.talk.note(RUN_UNDER_WAY)
            return False
        return True

    async def follow(self, view: RunView) -> None:
        """Show a run that has just begun, in place of the one before, until it has ended."""
        from tsmon.tui.widgets.run_pane import RunPane

        self.host.post_message(JobBegun(view.job))
        view.symbols = self.host.symbols
        self._close()
        self._pane = pane = RunPane(view)
        await self.host.show_run(pane)
        await view.job.ended()
        if self._pane is pane:  # neither closed nor of a server that is watched no more
            pane.show_keys()
            self.host.session.monitor.poke()

    def step_back(self) -> bool:
        """Stop the run in focus, or close it when it has ended; whether there is one in focus."""
        if self.view is None or self.host.current is not PaneName.RUN:
            return False
        if self.view.job.running:
            self.view.halt()
        else:
            self._close()
        return True

    def _close(self) -> None:
        if self._pane is None:
            return
        self._pane.view.job.stop()
        self._pane = None
        self.host.close_run()

    def _save(self) -> None:
        """Ask for a file and write the report into it."""
        from tsmon.tui.screens.ask import AskPath

        view = self.view
        if view is None or not view.text:
            self.talk.note(NO_RUN if view is None else Note("nothing to save yet"), bad=False)
            return
        words = f"The suffix sets the format: {view.SUFFIXES}."

        async def write(path: Path) -> None:
            await in_thread(view.write, path)
            self.talk.note(Note(f"saved to {path}"), bad=False)

        self.talk.push(AskPath("Save the result", words, Path.cwd() / view.file_name, write))
