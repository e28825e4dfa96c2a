"""The app that ends with a fault of its own only where nothing would be left to look at."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar

from textual._context import active_message_pump
from textual.actions import ActionParseResult
from textual.app import ScreenStackError
from textual.css.query import NoMatches
from textual.dom import DOMNode, NoScreen
from textual.screen import Screen
from textual.worker import WorkerFailed, active_worker

from tsmon.tui.crash import fault_in, keep_report, spell_crash, spell_fault
from tsmon.tui.monitor.screen import FOLLOWING
from tsmon.tui.notes import Note
from tsmon.tui.screens.above import Above
from tsmon.tui.switching import SwitchingApp


class IsolatingApp(SwitchingApp):
    """Closes the page or dialog in which something broke, keeps a report, and goes on below it.

    Textual ends the app at any exception that nobody caught, whatever widget it is from.
    """

    ISOLATES: ClassVar[bool] = True
    """Whether it goes on after a fault; tests have it end, so that they notice."""

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
        screen = _screen_of(default_namespace)
        if default_namespace is not None and _is_gone(screen):
            return False
        try:
            return await super().run_action(action, default_namespace, namespaces)
        except Exception as error:
            if not self.ISOLATES:
                raise
            self._go_on(error, screen)
            return True

    def _handle_exception(self, error: Exception) -> None:
        node, screen = _origin(error)
        if _is_gone(screen) and isinstance(fault_in(error), NoMatches):
            return  # the widgets of a screen go before its last messages and its work do
        if self.ISOLATES and self._can_go_on(error, node, screen):
            self._go_on(error, screen)
            return
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._fatal_error()

    def _can_go_on(
        self, error: Exception, node: DOMNode | None, screen: Screen[object] | None
    ) -> bool:
        """Whether what broke can be done without: not the app, nor the monitor or its ticks."""
        if isinstance(screen, Above):
            return True
        if node is None or node is self:
            return False
        return screen is None or (
            isinstance(error, WorkerFailed) and active_worker.get().group != FOLLOWING
        )

    def _go_on(self, error: Exception, screen: Screen[object] | None) -> None:
        report = keep_report(error, self._options.crash_folder)
        closed = "closed this page" if isinstance(screen, Above) else "interrupted something"
        hint = f"please report it with {report}" if report else ""
        if isinstance(screen, Above):
            screen.dismiss(None)
        self.monitor.talk.note(Note(f"a fault of tsmon {closed}: {spell_fault(error)}", hint))

    def _fatal_error(self) -> None:
        """Keep what is known of a fault, and end with two lines in place of a traceback."""
        error = self._exception or RuntimeError("unknown")
        self.panic(spell_crash(error, keep_report(error, self._options.crash_folder)))


def _origin(error: Exception) -> tuple[DOMNode | None, Screen[object] | None]:
    """The node that an error came from, and its screen; none where they are gone."""
    pump = active_message_pump.get(None)
    node = pump if isinstance(pump, DOMNode) else None
    if isinstance(error, WorkerFailed) and (worker := active_worker.get(None)) is not None:
        node = worker.node
    return node, _screen_of(node)


def _is_gone(screen: Screen[object] | None) -> bool:
    """Whether nobody sees a screen any more, and its widgets may be gone already."""
    return screen is None or screen._closing or (isinstance(screen, Above) and screen.was_left)


def _screen_of(node: DOMNode | None) -> Screen[object] | None:
    """The screen that a node is on; None where it is on none any more."""
    try:
        return node.screen if node is not None else None
    except (NoScreen, ScreenStackError):
        return None
