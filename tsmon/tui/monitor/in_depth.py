"""Seeing one model in depth instead of all of them."""

from __future__ import annotations

from tsmon.tui.keymap import PaneName
from tsmon.tui.monitor.capability import Capability, Handlers


class InDepth(Capability):
    """The way into one model with its workers, all charts, percentiles and events, and out."""

    def actions(self) -> Handlers:
        """Its one key."""
        return {"model.open": self.open}

    def open(self) -> None:
        """Show the selected version in depth; a run in focus gets the whole screen instead."""
        if self.host.current is PaneName.RUN:
            self.host.zoomed = True
        elif self.host.selected is not None:
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
