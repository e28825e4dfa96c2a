"""The monitor's app: a session in, an exit code out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from textual.app import App, SystemCommand
from textual.filter import LineFilter
from textual.reactive import var
from textual.screen import Screen

from tsmon.fleet.fleet import Fleet
from tsmon.serving.record import ServerRecord
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.errors import TorchServeError
from tsmon.torchserve.tokens import KeyRing
from tsmon.tui import layout
from tsmon.tui.crash import keep_report, spell_crash
from tsmon.tui.experiment_job import ExperimentJob
from tsmon.tui.messages import ExperimentBegun, ProcedureBegun, ServerOpened, SessionOpened
from tsmon.tui.notes import Note
from tsmon.tui.opening import live_session, own_of, target_named
from tsmon.tui.options import MonitorOptions
from tsmon.tui.procedure_job import ProcedureJob
from tsmon.tui.screens.digit_screen import DigitScreen
from tsmon.tui.screens.fleet import FleetScreen
from tsmon.tui.screens.full_page import FullPage
from tsmon.tui.screens.marking import MarkingScreen
from tsmon.tui.screens.monitor import MonitorScreen
from tsmon.tui.screens.panes import Panes
from tsmon.tui.session import Busy, LiveSession, Session
from tsmon.tui.terminal import AsciiOnly
from tsmon.tui.themes import opposite
from tsmon.tui.widgets.raster import Symbols

__all__ = ["MonitorOptions", "TsmonApp"]


class TsmonApp(App[int]):
    """Watches a session; its result is the exit code."""

    TITLE = "tsmon"
    CSS_PATH = Path(__file__).with_name("tsmon.tcss")
    HORIZONTAL_BREAKPOINTS = layout.WIDTHS
    VERTICAL_BREAKPOINTS = layout.HEIGHTS

    symbols = var(Symbols.BRAILLE, init=False)
    """What charts are drawn with; with ASCII the whole screen is."""

    def __init__(
        self,
        session: Session,
        options: MonitorOptions = MonitorOptions(),  # noqa: B008 (frozen)
    ) -> None:
        super().__init__()
        self.animation_level = "none"
        self.theme = options.theme
        self.set_reactive(TsmonApp.symbols, options.symbols)
        self._ascii = AsciiOnly()
        self.session = session
        self.started: ServerRecord | None = None
        """The server that was started from within, if one was."""
        self.wants_demo = False
        """Whether it was left for the demo."""
        self.experiment: ExperimentJob | None = None
        """The last experiment, which may be under way."""
        self.procedure: ProcedureJob | None = None
        """The last replacement or restart, which may be under way."""
        self._options = options
        self._fleet: Fleet | None = None

    def get_default_screen(self) -> MarkingScreen:
        """The monitor itself."""
        return MarkingScreen(self.session, self._options)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What every line goes through on its way to the terminal."""
        filters = super().get_line_filters()
        return [*filters, self._ascii] if self.symbols is Symbols.ASCII else filters

    def watch_symbols(self, symbols: Symbols) -> None:
        """Draw everything with other characters."""
        for screen in self.screen_stack:
            if isinstance(screen, Panes | DigitScreen):
                screen.symbols = symbols
            screen.query("*").refresh()

    def action_symbols(self) -> None:
        """Draw with the next kind of characters."""
        self.symbols = self.symbols.following

    def action_theme(self) -> None:
        """Change between dark and light."""
        self.theme = opposite(self.theme, dark=self.current_theme.dark)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette: every action of the screen, then the themes."""
        if isinstance(screen, MonitorScreen | FullPage | FleetScreen):
            for bound in screen.KEYS:
                if bound.id == "app.palette" or bound.is_many:
                    continue
                if screen.check_action(bound.action_name, ()):
                    key = screen.described(bound) if isinstance(screen, MonitorScreen) else bound
                    yield SystemCommand(
                        f"{key.group}: {key.label} ({key.shown})", key.help, self._runs(key.action)
                    )
        yield SystemCommand("Theme", "Choose the colours.", self.action_change_theme)

    def on_server_opened(self, message: ServerOpened) -> None:
        """Watch a server of this machine instead."""
        record = message.record
        if message.started:
            self.started = record
        addresses = Addresses(record.inference, record.management, record.metrics)
        client = TorchServe(addresses, KeyRing(record.key_file), read_only=self.session.read_only)
        self.open_session(LiveSession(client, self._options.period_s))

    def open_server(self, name: str) -> None:
        """Watch a server of the configuration instead.

        Raises:
            InvalidArgument: it knows none of that name, or its settings are wrong.
            Busy: an experiment is under way.
        """
        self._refuse_when_busy()
        self.open_session(live_session(target_named(name, self._options), self._options))

    def open_session(self, session: Session) -> None:
        """Show another session in the monitor, and let go of the one before."""
        old, self.session = self.session, session
        while len(self.screen_stack) > 1:
            self.pop_screen()
        screen = self.screen_stack[0]
        assert isinstance(screen, MonitorScreen)  # noqa: S101 (our own default screen)
        screen.connect(session)
        label = session.monitor.latest.server.label
        screen.note(Note(f"watching {session.tag.name or label}"), bad=False)
        self.run_worker(old.close(), group="closing")

    def on_session_opened(self, message: SessionOpened) -> None:
        """Somebody chose another server on a screen above the monitor."""
        self.open_session(message.session)

    def action_fleet(self) -> None:
        """Show all servers, above the monitor."""
        if self._fleet is None:
            try:
                self._fleet = Fleet(self._options.config, lambda: own_of(self._options))
            except TorchServeError as error:
                self.notify(str(Note.of(error)), severity="error", markup=False)
                return
        self.push_screen(FleetScreen(self._fleet, self._options, self.session.tag.name))

    def _refuse_when_busy(self) -> None:
        if self.experiment is not None and self.experiment.running:
            raise Busy("an experiment is under way", "stop it first; its model is then put back")
        if self.procedure is not None and self.procedure.running:
            raise Busy("a replacement or restart is under way", "wait for it, or stop it first")

    def on_demo_wanted(self) -> None:
        """Leave; whoever opened the monitor goes on with the demo."""
        self.wants_demo = True
        self.exit(0)

    def on_experiment_begun(self, message: ExperimentBegun) -> None:
        """Remember what has to be put back before leaving."""
        self.experiment = message.job

    def on_procedure_begun(self, message: ProcedureBegun) -> None:
        """Remember what has to be made safe before leaving."""
        self.procedure = message.job

    def on_mount(self) -> None:
        """Paint the screen anew when the shell gives it back; show the fleet if asked for."""
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))
        if self._options.fleet:
            self.action_fleet()

    def _fatal_error(self) -> None:
        """Keep what is known of a fault, and end with two lines in place of a traceback."""
        error = self._exception or RuntimeError("unknown")
        self.panic(spell_crash(error, keep_report(error, self._options.crash_folder)))

    async def action_quit(self) -> None:
        """Leave; all is well. What is under way first leaves its model as it should be."""
        self.run_worker(self._leave(), group="leaving", exclusive=True)

    async def _leave(self) -> None:
        await self._end_jobs()
        self.exit(0)

    async def _end_jobs(self) -> None:
        """Stop what is under way, and wait until its model is put back or safe."""
        for job in (self.experiment, self.procedure):
            if job is not None:
                job.stop()
                await job.ended()

    async def on_unmount(self) -> None:
        """Let go of the session; requests under way get a moment."""
        await self._end_jobs()
        if self._fleet is not None:
            await self._fleet.close()
        await self.session.close()

    def _runs(self, action: str) -> Callable[[], Awaitable[None]]:
        """What the palette calls."""

        async def run() -> None:
            await self.run_action(action, self.screen)

        return run
