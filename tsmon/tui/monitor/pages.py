"""Opening pages above the monitor: logs, requests, doctor, events, all metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tsmon.telemetry.events import Event
from tsmon.telemetry.log_page.view import LogFilter
from tsmon.threads import in_thread
from tsmon.tui.keymap import PaneName
from tsmon.tui.keymap.pages import OPEN_WHY
from tsmon.tui.monitor.capability import Capability, Handlers
from tsmon.tui.state.log_sources import LogSources
from tsmon.tui.state.troubles import needs_attention
from tsmon.tui.text.notes import EXPECTED, Note

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tsmon.telemetry.snapshot import ModelStatus
    from tsmon.tui.keymap import Key
    from tsmon.tui.monitor.looking_back import LookingBack
    from tsmon.tui.monitor.screen import MonitorScreen
    from tsmon.tui.screens.full_page import Page
    from tsmon.tui.screens.why import Fixing
    from tsmon.tui.state.troubles import Trouble


def _died_at(model: ModelStatus) -> datetime | None:
    """When a worker of a model that does not serve ended, on the clock of the log files."""
    if model.gone or model.ready or model.cause is None or not model.cause.fatal:
        return None
    return model.cause.time


PINNED = ("metrics", "pinned")


class Pinning(Protocol):
    """What a pinned series changes of the whole app."""

    def pin(self, series: Sequence[str]) -> None:
        """Have these series in sight, of the server and of those opened later."""


class Pages(Capability):
    """What is chosen on a page is shown in the panes: a moment of the past."""

    def __init__(self, host: MonitorScreen, past: LookingBack, app: Pinning) -> None:
        super().__init__(host)
        self._app = app
        self._past = past
        self._sources = LogSources(host.session)
        self._has_page = False
        """Whether one is open, or about to be."""

    def actions(self) -> Handlers:
        """One for each page."""
        return {
            "server.logs": self._logs,
            "server.requests": self._requests,
            "server.doctor": self._doctor,
            "server.events": self._events,
            "server.runs": self._runs,
            "server.metrics": self._all_metrics,
            "server.why": self._why,
            "workers.timeline": self._timeline,
        }

    def connected(self) -> None:
        """The logs of another session are elsewhere."""
        self._sources.close()
        self._sources = LogSources(self.host.session)

    def footer(self, keys: list[Key]) -> list[Key]:
        """Where the selected version is not well, first of all the way to why."""
        model, snapshot = self.host.model, self.host.snapshot
        if model is None or snapshot is None or snapshot.stale:
            return keys
        why = [OPEN_WHY] if needs_attention(snapshot, model) else []
        return [*why, *(key for key in keys if key not in why)]

    def unmounted(self) -> None:
        """Let go of the log files."""
        self._sources.close()

    def _logs(self) -> None:
        """Read the log files, for the selected version or worker, at the moment looked at."""
        from tsmon.tui.screens.logs import Logs, LogStart

        key, session, snapshot = self.host.selected, self.host.session, self.host.snapshot
        filter_ = LogFilter(key.name, key.version) if key is not None else LogFilter()
        if key is not None and self.host.current is PaneName.WORKERS:
            worker = self.host.workers_pane.table.cursor_key
            filter_ = LogFilter(key.name, key.version, worker or "")
        moment = stamp = None
        if session.playhead.held and not session.replays and snapshot is not None:
            moment = snapshot.at.wall.astimezone().replace(tzinfo=None)
        elif model := self.host.model:
            stamp = _died_at(model)
        self._open(Logs(self._sources, LogStart(filter_, moment, stamp=stamp)))

    def _requests(self) -> None:
        from tsmon.tui.screens.requests import Requests

        self._open(Requests(self._sources, self.host.selected))

    def _doctor(self) -> None:
        # Imported here because the checks cost 40 ms, which no start of the monitor should pay.
        from tsmon.tui.screens.doctor import Doctor

        self._open(Doctor(self.host.session))

    def _events(self) -> None:
        from tsmon.tui.screens.events import Events

        self._open(Events(self._sources, self.host.selected, self._fixing()))

    def _timeline(self) -> None:
        from tsmon.tui.screens.timeline import Timeline

        key = self.host.selected
        if key is None:
            self.talk.note(Note("no model is selected"))
            return
        self._open(
            Timeline(
                self.host.session,
                key,
                self.host.symbols,
                do=self.host.action_do,
                look_at_age=self._past.look_at_age,
            )
        )

    def _runs(self) -> None:
        from tsmon.tui.screens.runs import Runs

        home = self.host.options.server_home
        self._open(Runs(self.host.session, self.host.symbols, home, self.host.selected))

    def _all_metrics(self) -> None:
        from tsmon.tui.screens.all_metrics import AllMetrics

        session, symbols = self.host.session, self.host.symbols
        self._open(AllMetrics(session, symbols, do=self.host.action_do, pin=self._pin))

    def _pin(self, series: Sequence[str]) -> None:
        """Keep these series in sight, of this server and of those opened later."""
        self._app.pin(series)
        self.host.run_worker(self._save_pins(tuple(series)), group="pins")

    async def _save_pins(self, series: tuple[str, ...]) -> None:
        from tsmon.config.edit import keep

        try:
            await in_thread(keep, self.host.options.origins.own, {PINNED: series})
        except EXPECTED as error:
            self.talk.note(Note.of(error))

    def _why(self) -> None:
        """For the selected worker or model, where it is not well, else for what is worst."""
        from tsmon.tui.screens.why import Why, WhyStart
        from tsmon.tui.state.troubles import Trouble, failed_lately, find_troubles

        snapshot, model = self.host.snapshot, self.host.model
        if snapshot is None:
            return
        troubles, first = find_troubles(snapshot), 0
        keys = [each.key for each in troubles]
        asked = model is not None and not snapshot.stale and failed_lately(model)
        if model is not None and asked and model.key not in keys:
            troubles.insert(0, Trouble(model.key))
        elif model is not None and model.key in keys:
            first = keys.index(model.key)
            if self.host.current is PaneName.WORKERS:
                worker = self.host.workers_pane.table.cursor_key or ""
                troubles[first] = Trouble(model.key, worker)
        start = WhyStart(snapshot, troubles, first)
        self._open(Why(self._sources, start, self._fixing()))

    def _fixing(self) -> Fixing:
        from tsmon.tui.screens.why import Fixing

        return Fixing(self.host.offers, self._fix)

    def _fix(self, trouble: Trouble, id_: str) -> None:
        self.host.do_for(trouble.key, id_)

    def _open(self, page: Page) -> None:
        self.talk.do(self._look_where(page))

    async def _look_where(self, page: Page) -> None:
        """Show the moment that was chosen on a page, if one was."""
        await self._sources.search()
        if self._has_page or not self.talk.is_on_top:  # the key was pressed twice
            return
        self._has_page = True
        try:
            moment = await self.talk.push_wait(page)
        finally:
            self._has_page = False
        if isinstance(moment, Event):
            self._past.look_at_event(moment)
        elif moment is not None and not self._past.look_at_time(moment):
            early = f"no data as early as {moment:%Y-%m-%d %H:%M:%S}"
            self.talk.note(Note(early), bad=False)
