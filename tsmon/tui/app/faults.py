"""What becomes of a fault of tsmon itself: a page or a dialog is closed, the monitor goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual._context import active_message_pump
from textual.app import App, ScreenStackError
from textual.css.query import NoMatches
from textual.dom import DOMNode, NoScreen
from textual.screen import Screen
from textual.worker import WorkerFailed, active_worker

from tsmon.tui.app.crash import fault_in, format_fault, keep_report
from tsmon.tui.monitor.screen import FOLLOWING, MonitorScreen
from tsmon.tui.screens.above import Above
from tsmon.tui.text.notes import Note


class Faults:
    """Decides whether the app can go on after an exception, keeps a report, and says so.

    Textual ends the app at any exception that no one caught, whatever widget it is from.
    """

    def __init__(self, app: App[Any], report_folder: Path | None) -> None:
        self._app = app
        self._report_folder = report_folder

    def of_action(self, error: Exception, node: DOMNode | None, monitor: MonitorScreen) -> None:
        """Go on after an action that failed."""
        self._go_on(error, screen_of(node), monitor)

    def is_of_no_screen(self, error: Exception) -> bool:
        """Whether it only says that a screen was left: its widgets go before its last messages."""
        _, screen = _origin(error)
        return is_gone(screen) and isinstance(fault_in(error), NoMatches)

    def goes_on(self, error: Exception, monitor: MonitorScreen) -> bool:
        """Close what broke and go on, where it is neither the app nor the monitor or its ticks."""
        node, screen = _origin(error)
        if not isinstance(screen, Above) and not self._can_do_without(error, node, screen):
            return False
        self._go_on(error, screen, monitor)
        return True

    def _can_do_without(
        self, error: Exception, node: DOMNode | None, screen: Screen[object] | None
    ) -> bool:
        if node is None or node is self._app:
            return False
        if screen is None:
            return True
        return isinstance(error, WorkerFailed) and active_worker.get().group != FOLLOWING

    def _go_on(
        self, error: Exception, screen: Screen[object] | None, monitor: MonitorScreen
    ) -> None:
        report = keep_report(error, self._report_folder)
        closed = "closed this page" if isinstance(screen, Above) else "interrupted something"
        hint = f"please report it and attach {report}" if report else ""
        if isinstance(screen, Above):
            screen.dismiss(None)
        monitor.talk.note(Note(f"an internal error in tsmon {closed}: {format_fault(error)}", hint))


def _origin(error: Exception) -> tuple[DOMNode | None, Screen[object] | None]:
    """The node that an error came from, and its screen; none where they are gone."""
    pump = active_message_pump.get(None)
    node = pump if isinstance(pump, DOMNode) else None
    if isinstance(error, WorkerFailed) and (worker := active_worker.get(None)) is not None:
        node = worker.node
    return node, screen_of(node)


def is_gone(screen: Screen[object] | None) -> bool:
    """Whether no one sees a screen any more, and its widgets may be gone already."""
    return screen is None or screen._closing or (isinstance(screen, Above) and screen.was_left)


def screen_of(node: DOMNode | None) -> Screen[object] | None:
    """The screen that a node is on; None where it is on none any more."""
    try:
        return node.screen if node is not None else None
    except (NoScreen, ScreenStackError):
        return None
