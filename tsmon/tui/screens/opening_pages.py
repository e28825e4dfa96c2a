"""The part of the monitor that opens pages above it: logs, requests, doctor, events."""

from __future__ import annotations

from tsmon.telemetry.events import Event
from tsmon.telemetry.logbook.view import LogFilter
from tsmon.tui.keymap import PaneName
from tsmon.tui.log_shelf import LogShelf
from tsmon.tui.notes import Note
from tsmon.tui.screens.events import Events
from tsmon.tui.screens.full_page import Page
from tsmon.tui.screens.logs import Logs, LogStart
from tsmon.tui.screens.looking_back import LookingBack
from tsmon.tui.screens.requests import Requests
from tsmon.tui.session import Session
from tsmon.tui.widgets.live_table import LiveTable


class OpeningPages(LookingBack):
    """What is chosen on a page is shown in the panes: a moment of the past."""

    def _watch(self, session: Session) -> None:
        super()._watch(session)
        self._shelf = LogShelf(session)

    def connect(self, session: Session) -> None:
        """Watch something else, whose logs are elsewhere."""
        self._shelf.close()
        super().connect(session)

    def on_unmount(self) -> None:
        """Let go of the log files."""
        self._shelf.close()

    def action_logs(self) -> None:
        """Read the log files, for the selected version or worker, at the moment looked at."""
        key = self.selected
        filter_ = LogFilter(key.name, key.version) if key is not None else LogFilter()
        if key is not None and self.current is PaneName.WORKERS:
            worker = self.query_one("#workers-table", LiveTable).cursor_key
            filter_ = LogFilter(key.name, key.version, worker or "")
        moment = None
        if self.session.playhead.held and not self.session.replays and self.snapshot is not None:
            moment = self.snapshot.at.wall.astimezone().replace(tzinfo=None)
        self._open_page(Logs(self._shelf, LogStart(filter_, moment)))

    def action_requests(self) -> None:
        """Show single requests."""
        self._open_page(Requests(self._shelf, self.selected))

    def action_doctor(self) -> None:
        """Examine the server and this machine."""
        # Imported here because the checks cost 40 ms, which no start of the monitor should pay.
        from tsmon.tui.screens.doctor import Doctor

        self._open_page(Doctor(self.session, self.options.server_home))

    def action_events(self) -> None:
        """Show what happened; an event that is chosen is gone to."""
        self._open_page(Events(self._shelf, self.selected))

    def _open_page(self, page: Page) -> None:
        self.run_worker(self._look_where(page), group="actions")

    async def _look_where(self, page: Page) -> None:
        """Show the moment that was chosen on a page, if one was."""
        await self._shelf.search()
        if self.app.screen is not self:  # the key was pressed twice, and the page is open by now
            return
        moment = await self.app.push_screen_wait(page)
        if isinstance(moment, Event):
            self.look_at_event(moment)
        elif moment is not None and not self.look_at_time(moment):
            self.note(Note(f"nothing was seen as early as {moment:%Y-%m-%d %H:%M:%S}"), bad=False)
