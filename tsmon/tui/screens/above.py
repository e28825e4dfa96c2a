"""What all screens have in common, and how those above the monitor end."""

from __future__ import annotations

from contextlib import suppress
from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.command import CommandPalette
from textual.geometry import Offset
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

Result = TypeVar("Result")


class Sound(Screen[Result]):
    """Works around faults of Textual's screens."""

    def get_widget_and_offset_at(self, x: int, y: int) -> tuple[Widget | None, Offset | None]:
        """What is there, unless it is only drawn: a widget that was removed has no parent."""
        found, offset = super().get_widget_and_offset_at(x, y)
        if found is None or not found.is_attached:
            return None, None
        return found, offset


class Above(Sound[Result]):
    """Gives its result exactly once, however often it is closed and whatever is above it then.

    Textual closes the screen on top, whichever screen asked. Keys, clicks and answers that were on
    their way to a screen when it closed would close the one below it, and end the app on the last.
    """

    @property
    def was_left(self) -> bool:
        """Whether it is closed, though messages and work may still be under way to it."""
        return self not in self.app.screen_stack

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Close it, with all that is above it, and give the result; the first call counts."""
        if self.was_left:
            return AwaitComplete()
        while (top := self.app.screen) is not self:
            top.dismiss(None)
        return super().dismiss(result)


class AboveInPart(ModalScreen[Result], Above[Result]):
    """Leaves the screen below it in sight."""


class Palette(CommandPalette, Above[None]):
    """Textual's palette of commands."""

    def _action_command_list(self, action: str) -> None:
        """Move in what was found; what is not laid out yet has no pages."""
        with suppress(KeyError):
            super()._action_command_list(action)
