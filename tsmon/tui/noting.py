"""An app whose notes do not pile up."""

from __future__ import annotations

from typing import Any, TypeVar

from textual.notifications import Notification, SeverityLevel
from textual.screen import ModalScreen, Screen

from tsmon.tui.key_order import OrderedKeysApp
from tsmon.tui.keymap.effective import Keymap

Result = TypeVar("Result")
LOW = 36
"""Rows below which notes would lie on what a dialog says, or on its buttons."""


class NotingApp(OrderedKeysApp[Result]):
    """Shows each note once, and none from before on a dialog where there is little room."""

    def __init__(self, keys: Keymap) -> None:
        super().__init__(keys)
        self._told: list[Notification] = []

    def on_mount(self) -> None:
        """Notice when a dialog opens."""
        self.screen_change_signal.subscribe(self, self._make_room)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Tell something; what is told again is shown anew, in place of all before."""
        told = Notification(message, title, severity, timeout or self.NOTIFICATION_TIMEOUT)
        shown = [each for each in self._told if not each.has_expired]
        if any((each.message, each.severity) == (message, severity) for each in shown):
            self.call_later(self.clear_notifications)  # behind those that are on their way
            shown.clear()
        self._told = [*shown, told]
        super().notify(message, title=title, severity=severity, timeout=timeout, markup=markup)

    def _make_room(self, screen: Screen[Any]) -> None:
        if isinstance(screen, ModalScreen) and self.size.height < LOW:
            self.clear_notifications()
