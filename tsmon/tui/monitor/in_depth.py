"""Seeing one model in depth instead of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from tsmon.tui import keymap
from tsmon.tui.keymap import PaneName
from tsmon.tui.monitor.capability import Capability, Handlers

if TYPE_CHECKING:
    from tsmon.tui.keymap import Key
    from tsmon.tui.monitor.pages import Pages
    from tsmon.tui.monitor.screen import MonitorScreen

OPEN = "model.open"


class InDepth(Capability):
    """The way into one model with its workers, all charts, percentiles and events, and out.

    What is below a worker are its log lines, and below the charts the requests they are made of.
    """

    def __init__(self, host: MonitorScreen, pages: Pages) -> None:
        super().__init__(host)
        self._pages = pages

    def actions(self) -> Handlers:
        """Its one key."""
        return {OPEN: self._open}

    def describe(self, key: Key) -> Key:
        """What is below what is in focus."""
        way = self._way
        if way == OPEN:
            return key
        below = keymap.BY_ID[way]
        return replace(key, label=below.label, help=below.help)

    def footer(self, keys: list[Key]) -> list[Key]:
        """In the words of what is below."""
        return [self.describe(key) if key.id == OPEN else key for key in keys]

    @property
    def _way(self) -> str:
        """The id of the action that goes deeper from what is in focus."""
        if self.host.current is PaneName.RUN:
            return "view.zoom"
        if self.host.current is PaneName.WORKERS:
            return "server.logs"
        is_at_end = self.host.in_depth and self.host.current is PaneName.METRICS
        return "server.requests" if is_at_end else OPEN

    def _open(self) -> None:
        """Show what is below the row or the charts in focus."""
        way = self._way
        if way == "view.zoom":
            self.host.zoomed = True
        elif self.host.selected is None:
            return
        elif way != OPEN:
            self._pages.actions()[way]()
        else:
            self.host.zoomed = False
            self.host.in_depth = True
            self.host.focus_pane(PaneName.METRICS)

    def selected_shown(self) -> None:
        """Without a model there is nothing to see in depth."""
        if self.host.selected is None:
            self.host.in_depth = False

    def leave(self) -> bool:
        """Go back to the overview; whether one was in depth."""
        seen = self.host.in_depth and not self.host.zoomed
        if seen:
            self.host.focus_pane(PaneName.MODELS)
        return seen
