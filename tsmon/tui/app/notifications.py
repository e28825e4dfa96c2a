"""An app whose notes neither pile up nor lie on a question."""

from __future__ import annotations

from typing import Any, TypeVar

from textual.notifications import Notification, SeverityLevel
from textual.screen import Screen

from tsmon.tui.app.key_queue import OrderedKeysApp
from tsmon.tui.commands.command_line import CommandLine
from tsmon.tui.keymap.effective import Keymap
from tsmon.tui.screens.dialog import Dialog
from tsmon.untrusted.text import few_lines

Result = TypeVar("Result")
UNCOVERED = (Dialog, CommandLine)
"""What a person answers at once; what goes wrong there is told inside."""


class NotingApp(OrderedKeysApp[Result]):
    """Shows each note once, and none on a question: those wait until it is answered."""

    def __init__(self, keys: Keymap) -> None:
        super().__init__(keys)
        self._told: list[Notification] = []
        self._held: list[Notification] = []

    def on_mount(self) -> None:
        """Notice when a dialog opens or is left."""
        self.screen_change_signal.subscribe(self, self._change_screen)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Tell something; what is told again is shown anew, in place of all before."""
        message = few_lines(message)
        wanted_s = timeout or self.NOTIFICATION_TIMEOUT
        told = Notification(message, title, severity, wanted_s, markup=markup)
        if isinstance(self.screen, UNCOVERED):
            self._hold(told)
            return
        shown = [each for each in self._told if not each.has_expired]
        if any(_alike(told, each) for each in shown):
            self.call_later(self.clear_notifications)  # behind those that are on their way
            shown.clear()
        self._told = [*shown, told]
        super().notify(message, title=title, severity=severity, timeout=timeout, markup=markup)

    def _hold(self, told: Notification) -> None:
        if not any(_alike(told, each) for each in self._held):
            self._held.append(told)

    def _change_screen(self, screen: Screen[Any]) -> None:
        if isinstance(screen, UNCOVERED):
            for each in self._told:
                if not each.has_expired:
                    self._hold(each)
            self._told.clear()
            self.call_later(self.clear_notifications)
            return
        held, self._held = self._held, []
        for each in held:
            self.notify(
                each.message,
                title=each.title,
                severity=each.severity,
                timeout=each.timeout,
                markup=each.markup,
            )


def _alike(one: Notification, other: Notification) -> bool:
    return (one.message, one.severity) == (other.message, other.severity)
