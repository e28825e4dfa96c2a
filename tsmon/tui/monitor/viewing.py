"""Moving on the screen: to a pane, to all of it, through filters and orders, and back out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tsmon.tui.keymap import PaneName
from tsmon.tui.monitor.capability import Capability, Handlers
from tsmon.tui.monitor.running import NO_RUN

if TYPE_CHECKING:
    from tsmon.tui.monitor.in_depth import InDepth
    from tsmon.tui.monitor.running import Running
    from tsmon.tui.monitor.screen import MonitorScreen
    from tsmon.tui.monitor.sending import Sending
    from tsmon.tui.text.notes import Note
    from tsmon.tui.widgets.metrics_pane import MetricsPane


class Viewing(Capability):
    """The panes and their rows; and esc, which ends what is nearest."""

    def __init__(
        self, host: MonitorScreen, sending: Sending, in_depth: InDepth, running: Running
    ) -> None:
        super().__init__(host)
        self._sending = sending
        self._in_depth = in_depth
        self._running = running

    def actions(self) -> Handlers:
        """The keys of the panes and tables."""
        return {
            **{f"view.{name}": partial(self.host.focus_pane, name) for name in PaneName},
            "view.zoom": self._zoom,
            "view.statistics": self._turn_statistics,
            "view.heatmap": self._turn_heat,
            "digits.fold": self._fold,
            "table.filter": lambda: self.host.table_pane.open_filter(),
            "table.sort": lambda: self.host.table_pane.sort_by_next(),
            "table.reverse": lambda: self.host.table_pane.reverse_order(),
            "digits.stop": self._stop,
        }

    def allows(self, id_: str) -> bool:
        """Some panes are not there with every session, or not always."""
        absent = set(PaneName) - self.host.offered
        if id_ == "digits.fold":
            return PaneName.DIGITS in self.host.offered and self.host.has_room_for_all
        return id_ not in {f"view.{name}" for name in absent}

    def why_not(self, id_: str) -> Note | None:
        """There is no run to go to."""
        return NO_RUN if id_ == f"view.{PaneName.RUN}" else None

    def _zoom(self) -> None:
        """Give the pane in focus the whole screen, or take it back."""
        self.host.zoomed = not self.host.zoomed

    def _turn_statistics(self) -> None:
        """Show the table of the charts' numbers, or hide it."""
        pane = self._seen_metrics()
        pane.with_statistics = not pane.with_statistics

    def _turn_heat(self) -> None:
        """Show latencies as a heatmap, or as percentiles."""
        pane = self._seen_metrics()
        pane.with_heat = not pane.with_heat

    def _seen_metrics(self) -> MetricsPane:
        """The charts, which are gone to where they are not in sight."""
        pane = self.host.metrics_pane
        if not pane.display:
            self.host.focus_pane(PaneName.METRICS)
        return pane

    def _fold(self) -> None:
        """Give the images a line alone, or the room for a list and a picture again."""
        host = self.host
        host.digits_open = host.digits_folded
        if not host.digits_open and host.current is PaneName.DIGITS:
            host.focus_pane(PaneName.MODELS)

    def _stop(self) -> None:
        """Stop a batch, waiting, the depth, marks, the filter, the zoom, or a rollout's words.

        In the pane of a run, stop that or close it.
        """
        host = self.host
        if self._running.step_back():
            return
        if self._sending.desk.under_way:
            self._sending.stop()
        elif self._stop_waiting() or self._in_depth.leave() or self._step_back():
            return
        elif host.zoomed:
            host.zoomed = False
        elif host.selected:
            host.rollouts.forget(host.selected)
            host.show_selected()

    def _stop_waiting(self) -> bool:
        """Let go of a change that the server does not take; whether there was one."""
        selected = self.host.selected
        return selected is not None and self.host.rollouts.stop_waiting(selected)

    def _step_back(self) -> bool:
        """Take back a mark or a filter, whichever is nearer; whether there was one."""
        pane, models = self.host.table_pane, self.host.models_pane
        if pane.filter_bar.display:
            return pane.clear_filter()
        return models.clear_marks() or pane.clear_filter() or models.clear_filter()
