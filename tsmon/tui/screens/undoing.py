"""The part of the monitor that remembers the way back after a change, and shows it."""

from __future__ import annotations

import dataclasses

from textual import events
from textual.reactive import var

from tsmon.tui import keymap
from tsmon.tui.notes import Note
from tsmon.tui.screens.experimenting import ExperimentingScreen
from tsmon.tui.session import Session
from tsmon.tui.undo import Undo
from tsmon.tui.widgets.key_bar import KeyBar


class UndoingScreen(ExperimentingScreen):
    """One change can be taken back: the last one, for as long as nothing else came after it."""

    undo: var[Undo | None] = var(None, init=False)
    """The way back; None where there is none."""
    _why_not = ""

    @property
    def lives(self) -> int:
        """Restarts of the server that were seen."""
        return self.session.monitor.latest.server.lives

    def withdraw(self, why: str) -> None:
        """There is nothing to take back, and a reason for it."""
        self.undo, self._why_not = None, why

    def connect(self, session: Session) -> None:
        """Watch another server, of which nothing can be taken back."""
        self.withdraw("")
        super().connect(session)

    def watch_snapshot(self) -> None:
        """Withdraw a way back that leads nowhere any more."""
        super().watch_snapshot()
        latest = self.session.monitor.latest
        if self.undo and not self.undo.is_open(latest):
            self.withdraw("what was changed last has changed again since")

    def watch_undo(self) -> None:
        """The footer says what can be taken back."""
        self.query_one(KeyBar).show(self.footer_keys())

    def footer_keys(self) -> list[keymap.Key]:
        """The keys of the pane in focus; what can be taken back stands first."""
        keys = super().footer_keys()
        offered = self.undo and self.check_action("undo", ())
        return [self.described(keymap.BY_ID["model.undo"]), *keys] if offered else keys

    def described(self, key: keymap.Key) -> keymap.Key:
        """A key with the words that fit now."""
        if key.action_name != "undo" or self.undo is None:
            return key
        return dataclasses.replace(key, label=self.undo.label, help=self.undo.words)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There may be nothing to take back."""
        allowed = super().check_action(action, parameters)
        return allowed and self.undo is not None if action == "undo" else allowed

    def on_key(self, event: events.Key) -> None:
        """Say why there is nothing to take back."""
        key = keymap.pressed(event.key)
        can_change = self.session.can_act and not self.session.read_only
        if key and key.action_name == "undo" and self.undo is None and can_change:
            self.note(Note("there is nothing to take back", self._why_not), bad=False)
