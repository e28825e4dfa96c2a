"""The part of the monitor that shows one model in depth instead of all of them."""

from __future__ import annotations

import math

from textual.reactive import var

from tsmon.tui.keymap import PaneName
from tsmon.tui.layout import Layout
from tsmon.tui.screens.experimenting import ExperimentingScreen
from tsmon.tui.widgets.headline import Headline
from tsmon.tui.widgets.metrics_pane import MetricsPane
from tsmon.tui.widgets.story import Story

ROOM_LINES = 36
"""Lines from which on the story has room above the charts."""
SHOWN = (PaneName.WORKERS, PaneName.METRICS)
"""The panes about one model that are seen in depth."""


class InDepthScreen(ExperimentingScreen):
    """The overview, and one model with its workers, all charts, percentiles and events."""

    in_depth = var(False, init=False)

    def on_models_pane_opened(self) -> None:
        """Enter on a model."""
        self.action_open_model()

    def action_open_model(self) -> None:
        """Show the selected version in depth."""
        if self.selected is not None:
            self.zoomed = False
            self.in_depth = True
            self.action_focus_pane(PaneName.METRICS)

    def watch_in_depth(self) -> None:
        """Arrange the screen anew."""
        self.lay_out()
        self.show_selected()

    def watch_selected(self) -> None:
        """Without a model there is nothing to see in depth."""
        super().watch_selected()
        if self.selected is None:
            self.in_depth = False

    def action_focus_pane(self, name: str) -> None:
        """Go to a pane; one that is not about the model leads back to the overview."""
        if name not in SHOWN:
            self.in_depth = False
        super().action_focus_pane(name)

    def action_stop(self) -> None:
        """Go back to the overview, unless something else is to be stopped first."""
        is_first = self.in_depth and not self.zoomed and not self.desk.under_way
        if is_first:
            self.action_focus_pane(PaneName.MODELS)
        else:
            super().action_stop()

    def lay_out(self) -> None:
        """Show the panes about the model alone while it is seen in depth."""
        super().lay_out()
        is_seen = self.in_depth and not self.zoomed
        panes = self.query_one("#panes")
        panes.set_class(is_seen, "-depth")
        self.query_one(Headline).display = is_seen
        beside = self._room is Layout.FOUR
        panes.set_class(is_seen and beside, "-beside")
        self.query_one(Story).display = is_seen and (beside or self.size.height >= ROOM_LINES)
        self.query_one(MetricsPane).with_table = not is_seen
        if is_seen:
            panes.remove_class(*Layout)
            for name in PaneName:
                panes.query_one(f"#{name}").display = name in SHOWN
            self.query_one("#left").display = self.query_one("#upper").display = True

    def show_selected(self) -> None:
        """Render also what is seen in depth alone."""
        super().show_selected()
        if not self.in_depth or self.zoomed or self.snapshot is None:
            return
        model, monitor = self.model, self.session.monitor
        self.query_one(Headline).show(self.snapshot, model)
        events = monitor.events.about(model.key, math.inf, self.snapshot.at) if model else []
        self.query_one(Story).show(model, events)

    def on_story_chosen(self, message: Story.Chosen) -> None:
        """Look at the moment of an event."""
        self.look_at_event(message.event)
