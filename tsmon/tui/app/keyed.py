"""An app that knows which keys are in force, and how its widgets ask."""

from __future__ import annotations

from typing import TypeVar

from textual.signal import Signal

from tsmon.tui.app.terminal import TerminalApp
from tsmon.tui.keymap.effective import Keymap

Result = TypeVar("Result")


class KeyedApp(TerminalApp[Result]):
    """Has its keys where the person wants them."""

    def __init__(self, keys: Keymap) -> None:
        super().__init__()
        self.keys_changed: Signal[Keymap] = Signal(self, "keys changed")
        """Tells those that name keys on the screen."""
        self.keys = keys
        self.set_keymap(keys.for_textual())

    def use_keys(self, keys: Keymap) -> None:
        """Have the keys elsewhere from now on."""
        self.keys = keys
        self.set_keymap(keys.for_textual())
        self.keys_changed.publish(keys)
