"""Notifications that neither pile up nor cover a question."""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.notifications import Notification, Notify
from textual.screen import Screen

from tsmon.tui.commands.command_line import CommandLine
from tsmon.tui.screens.dialog import Dialog

UNCOVERED = (Dialog, CommandLine)
"""What a person answers at once; what goes wrong there is shown inside."""


class Notifications:
    """Shows each notification once, and none over a question: those wait until it is answered."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._shown: list[Notification] = []
        self._held: list[Notification] = []

    def start(self) -> None:
        """Notice from now on when a dialog opens or closes."""
        self._app.screen_change_signal.subscribe(self._app, self._change_screen)

    def add(self, notification: Notification) -> None:
        """Show a notification; a repeated one replaces all before it."""
        if isinstance(self._app.screen, UNCOVERED):
            self._hold(notification)
            return
        shown = [each for each in self._shown if not each.has_expired]
        if any(_alike(notification, each) for each in shown):
            self._app.call_later(self._app.clear_notifications)  # behind those on their way
            shown.clear()
        self._shown = [*shown, notification]
        self._app.post_message(Notify(notification))

    def _hold(self, notification: Notification) -> None:
        if not any(_alike(notification, each) for each in self._held):
            self._held.append(notification)

    def _change_screen(self, screen: Screen[Any]) -> None:
        if isinstance(screen, UNCOVERED):
            for each in self._shown:
                if not each.has_expired:
                    self._hold(each)
            self._shown.clear()
            self._app.call_later(self._app.clear_notifications)
            return
        held, self._held = self._held, []
        for each in held:
            self.add(_from_now(each))


def _from_now(held: Notification) -> Notification:
    """The same notification with all its time before it."""
    return Notification(held.message, held.title, held.severity, held.timeout, held.markup)


def _alike(one: Notification, other: Notification) -> bool:
    return (one.message, one.severity) == (other.message, other.severity)
