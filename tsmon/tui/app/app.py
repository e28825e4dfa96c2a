"""The monitor's app: a session in, an exit code out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.actions import ActionParseResult
from textual.app import App, SystemCommand
from textual.dom import DOMNode
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.filter import LineFilter
from textual.notifications import Notification, SeverityLevel
from textual.reactive import var
from textual.screen import Screen
from textual.scrollbar import ScrollBar
from textual.signal import Signal

from tsmon.telemetry.events import Event, EventKind
from tsmon.telemetry.instant import Instant
from tsmon.tui.app.commands import Commands
from tsmon.tui.app.crash import format_crash, keep_report
from tsmon.tui.app.driver import TerminalDriver
from tsmon.tui.app.faults import Faults, is_gone, screen_of
from tsmon.tui.app.frames import Frames
from tsmon.tui.app.key_queue import KeyDone, KeyQueue
from tsmon.tui.app.no_markup import take_no_markup
from tsmon.tui.app.notifications import Notifications
from tsmon.tui.app.reporting import Reporting
from tsmon.tui.app.servers import Servers
from tsmon.tui.app.terminal import AsciiOnly, Harmless, copy_around
from tsmon.tui.monitor import layout
from tsmon.tui.monitor.panes import Panes
from tsmon.tui.monitor.screen import MonitorScreen
from tsmon.tui.screens.above import Palette
from tsmon.tui.screens.digit_screen import DigitScreen
from tsmon.tui.state.options import MonitorOptions
from tsmon.tui.text.notes import EXPECTED, Note
from tsmon.tui.text.palette import palette_variables
from tsmon.tui.text.symbols import Symbols
from tsmon.tui.text.themes import opposite, readable_variables
from tsmon.tui.widgets.scroll_bar import WholeCells
from tsmon.untrusted.text import few_lines, one_line, visible

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

    from tsmon.config.schema import LimitSettings
    from tsmon.tui.keymap.effective import Keymap
    from tsmon.tui.state.messages import (
        JobBegun,
        ServerChosen,
        ServerOpened,
        SessionOpened,
    )
    from tsmon.tui.state.session import Session

__all__ = ["MonitorOptions", "TsmonApp"]

ScrollBar.renderer = WholeCells
take_no_markup()


class TsmonApp(App[int]):
    """Watches a session; its result is the exit code."""

    TITLE = "tsmon"
    CSS_PATH = Path(__file__).with_name("tsmon.tcss")
    HORIZONTAL_BREAKPOINTS = layout.WIDTHS
    VERTICAL_BREAKPOINTS = layout.HEIGHTS
    ISOLATES: ClassVar[bool] = True
    """Whether it goes on after a fault of its own; tests have it end, so that they notice."""

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
        self._harmless = Harmless()
        self._options = options
        self._ascii = AsciiOnly()
        self.key_queue = KeyQueue(self, super().on_event)
        self._notifications_shown = Notifications(self, self._log_note)
        self._frames = Frames(self)
        self._faults = Faults(self, options.crash_folder)
        self._reporting = Reporting(
            self, options.config.notify, lambda words: self.notify(words, severity="warning")
        )
        self._commands = Commands(self, lambda: self.monitor, options.history_file)
        self.servers = Servers(self, lambda: self.monitor, session, options)
        """The server that is watched, and how to watch another one."""
        self.keys_changed: Signal[Keymap] = Signal(self, "keys changed")
        """Reaches those that name keys on the screen."""
        self.keys = options.keys
        """The keys in force."""
        self.set_keymap(self.keys.for_textual())
        self.wants_demo = False
        """Whether it was left for the demo."""

    @property
    def session(self) -> Session:
        """What is watched."""
        return self.servers.session

    @property
    def monitor(self) -> MonitorScreen:
        """The screen at the bottom of all others."""
        screen = self.screen_stack[0]
        assert isinstance(screen, MonitorScreen)  # noqa: S101 (our own default screen)
        return screen

    # What Textual asks of an app

    def get_default_screen(self) -> MonitorScreen:
        """The monitor itself."""
        return MonitorScreen(self.session, self._options, self)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What every line goes through on its way to the terminal."""
        filters = [*super().get_line_filters(), self._harmless]
        return [*filters, self._ascii] if self.symbols is Symbols.ASCII else filters

    def get_driver_class(self) -> type[Driver]:
        """The driver that outlives its terminal, in the place of Textual's for terminals."""
        found = super().get_driver_class()
        return TerminalDriver if found is LinuxDriver else found

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette: all that can be typed after `:`, with each argument there is."""
        return self._commands.for_palette(screen)

    def copy_to_clipboard(self, text: str) -> None:
        """Hand a text to the terminal's clipboard, through tmux and GNU screen as well."""
        text = visible(text, keep_lines=True)  # what is pasted into a shell must hold no orders
        super().copy_to_clipboard(text)
        copy_around(self, text)

    async def on_event(self, event: events.Event) -> None:
        """Keep keys in their order."""
        await self.key_queue.take(event)

    def on_resize(self) -> None:
        """Paint nothing until all has its new size."""
        self._frames.hold()

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Paint, unless a new size is being taken in."""
        if not self._frames.held:
            super()._display(screen, renderable)

    async def push_screen_wait(self, screen: Any, *, mode: str | None = None) -> Any:
        """Open a screen and wait for its result; only in work, which may be cancelled.

        Textual has the work itself wait for screens that are being removed. When it is cancelled by
        the screen that it waits for, as on leaving, that screen would be cancelled, and the app.
        """
        await asyncio.shield(self._flush_next_callbacks())
        return await asyncio.shield(self.push_screen(screen, wait_for_dismiss=True, mode=mode))

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Do what a key or a command asks for, unless its screen was left meanwhile."""
        if default_namespace is not None and is_gone(screen_of(default_namespace)):
            return False
        try:
            return await super().run_action(action, default_namespace, namespaces)
        except Exception as error:
            if not self.ISOLATES:
                raise
            self._faults.of_action(error, default_namespace, self.monitor)
            return True

    def _handle_exception(self, error: Exception) -> None:
        """Go on after a fault where that is possible; else end, with a report."""
        if self._faults.is_of_no_screen(error):
            return
        if self.ISOLATES and self._faults.goes_on(error, self.monitor):
            return
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._fatal_error()

    def _fatal_error(self) -> None:
        """Keep what is known of a fault, and end with two lines in place of a traceback."""
        error = self._exception or RuntimeError("unknown")
        self.panic(format_crash(error, keep_report(error, self._options.crash_folder)))

    def on_key_done(self, message: KeyDone) -> None:
        """Go on with the next key."""
        self.key_queue.done(message)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Show a notification, once, and not over a question."""
        seconds = timeout or self.NOTIFICATION_TIMEOUT
        notification = Notification(few_lines(message), title, severity, seconds, markup)
        self._notifications_shown.add(notification)

    def _log_note(self, notification: Notification) -> None:
        """Keep what was said among the events; those of a recording are its own."""
        if not self.session.replays:
            event = Event(Instant.now(), EventKind.NOTE, "tsmon", one_line(notification.message))
            self.session.monitor.events.add(event)

    def get_css_variables(self) -> dict[str, str]:
        """The colours of the theme, as readable as they have to be, and those of the charts."""
        variables = super().get_css_variables()
        shades = palette_variables(variables, dark=self.current_theme.dark)
        self.theme_variables = variables | readable_variables(variables) | shades
        return self.theme_variables

    # What screens ask of the app

    def use_keys(self, keys: Keymap) -> None:
        """Have the keys elsewhere from now on."""
        self.keys = keys
        self.set_keymap(keys.for_textual())
        self.keys_changed.publish(keys)

    def pin(self, series: Sequence[str]) -> None:
        """Have these series in sight, of the server and of those opened later."""
        self.servers.pin(series)

    def hold_to(self, limits: Mapping[str, LimitSettings]) -> None:
        """Hold the models of the server, and of those opened later, to these limits."""
        self.servers.hold_to(limits)

    def expect_dialog(self) -> None:
        """Keep the keys pressed from now on for the dialog that is about to open."""
        self.key_queue.expect_dialog()

    def expect_none(self) -> None:
        """Release them: the dialog is there, or will not come."""
        self.key_queue.expect_none()

    @property
    def fleet_period_s(self) -> float:
        """Seconds between two samples of a server of the fleet."""
        return self.servers.fleet_period_s

    def set_fleet_period(self, seconds: float) -> None:
        """Sample the servers of the fleet that often when it is shown the next time."""
        self.servers.set_fleet_period(seconds)

    def watch_symbols(self, symbols: Symbols) -> None:
        """Draw everything with other characters."""
        for screen in self.screen_stack:
            if isinstance(screen, Panes | DigitScreen):
                screen.symbols = symbols
            screen.query("*").refresh()

    def action_command_palette(self) -> None:
        """Find a command by its name."""
        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette"))

    async def action_command_line(self) -> None:
        """Ask for a command."""
        await self._commands.ask()

    def action_fleet(self) -> None:
        """Show all servers, above the monitor."""
        self.servers.show_fleet()

    def action_symbols(self) -> None:
        """Draw with the next kind of characters."""
        self.symbols = self.symbols.following

    def action_theme(self) -> None:
        """Change between dark and light."""
        self.theme = opposite(self.theme, dark=self.current_theme.dark)

    def on_refreshed(self) -> None:
        """A tick of the server that is watched, whatever the screen shows."""
        self._reporting.ticked(self.session)

    def on_demo_wanted(self) -> None:
        """Leave; the caller that opened the monitor continues with the demo."""
        self.wants_demo = True
        self.exit(0)

    def on_job_begun(self, message: JobBegun) -> None:
        """Remember what has to end, and be put back or made safe, before leaving."""
        self.servers.begun(message.job)

    def on_server_opened(self, message: ServerOpened) -> None:
        """Watch a server of this machine instead."""
        self._open(lambda: self.servers.open_local(message.record, started=message.started))

    def on_server_chosen(self, message: ServerChosen) -> None:
        """Watch a server of the configuration, whose name was typed."""
        self._open(lambda: self.servers.open_named(message.name))

    def on_session_opened(self, message: SessionOpened) -> None:
        """Someone chose another server on a screen above the monitor."""
        self._open(lambda: self.servers.open(message.session))

    def _open(self, opening: Callable[[], None]) -> None:
        try:
            opening()
        except EXPECTED as error:
            self.monitor.talk.note(Note.of(error))

    def on_mount(self) -> None:
        """Paint the screen again when the shell gives it back; show the fleet if asked for."""
        self.key_queue.start()
        self._notifications_shown.start()
        self._commands.start()
        self._reporting.start()
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))
        if self._options.fleet:
            self.action_fleet()

    async def action_quit(self) -> None:
        """Leave; all is well. What is under way first leaves its model as it should be."""
        self.run_worker(self._leave(), group="leaving", exclusive=True)

    async def _leave(self) -> None:
        await self.servers.end_jobs()
        self.exit(0)

    async def on_unmount(self) -> None:
        """Let go of the servers; requests under way get a moment."""
        await self._reporting.close()
        await self.servers.close()
