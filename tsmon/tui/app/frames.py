"""No frame between the size of a terminal and what fills it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.app import App
    from textual.timer import Timer

LONGEST_S = 0.25
"""How long nothing is painted, however often the size changes meanwhile."""
ROUNDS = 5
"""Refreshes after which all has its new size: the panes, what is in them, what they show."""


class Frames:
    """Holds frames back while a new size is taken in.

    Textual paints as soon as the widgets have their new places, with what they showed in the old.
    """

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._deadline: Timer | None = None
        self._has_size = False
        """Whether it had a size before, so that something stands on the terminal."""
        self._rounds = 0

    @property
    def held(self) -> bool:
        """Whether nothing is to be painted."""
        return self._deadline is not None

    def hold(self) -> None:
        """The size has changed; the first one holds nothing back."""
        if not self._has_size:
            self._has_size = True
            return
        if self._deadline is None:
            self._deadline = self._app.set_timer(LONGEST_S, self._release)
        self._rounds = ROUNDS
        self._app.screen.call_after_refresh(self._settle, self._rounds)

    def _settle(self, rounds: int) -> None:
        if rounds != self._rounds or self._deadline is None:  # it has changed again
            return
        self._rounds -= 1
        if self._rounds:
            self._app.screen.refresh()
            self._app.screen.call_after_refresh(self._settle, self._rounds)
        else:
            self._release()

    def _release(self) -> None:
        if self._deadline is not None:
            self._deadline.stop()
            self._deadline = None
            self._app.screen.refresh()
