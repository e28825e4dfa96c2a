"""The part of the monitor that goes back in time: pause, step, jump, play."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from tsmon.telemetry.events import Event
from tsmon.telemetry.playhead import Playhead
from tsmon.telemetry.when import FORMS, parse_when
from tsmon.torchserve.errors import InvalidArgument
from tsmon.tui import keymap
from tsmon.tui.messages import Refreshed
from tsmon.tui.notes import Note
from tsmon.tui.options import MonitorOptions
from tsmon.tui.screens.ask import AskText
from tsmon.tui.screens.frame import Frame
from tsmon.tui.session import ReplaySession, Session
from tsmon.tui.spans import nearest_span, other_span
from tsmon.tui.widgets.chart import Chart
from tsmon.tui.widgets.key_bar import KeyBar
from tsmon.tui.widgets.server_bar import Looking
from tsmon.tui.widgets.time_axis import TimeAxis

FRAME_S = 0.25
"""Seconds between two steps of a recording that is played."""
SPEEDS = (0.25, 64.0)
"""The slowest and the fastest, in recorded seconds a second."""


class LookingBack(Frame):
    """The frame, and moving the moment that it shows."""

    def __init__(self, session: Session, options: MonitorOptions) -> None:
        super().__init__(session, options)
        self._playing = False
        self._speed = 1.0
        self._event: Event | None = None

    def on_mount(self) -> None:
        """Let recorded time pass."""
        self.set_interval(FRAME_S, self._play)

    @property
    def _playhead(self) -> Playhead:
        return self.session.playhead

    def on_refreshed(self, message: Refreshed) -> None:
        """A recording begins to play where it begins, as soon as that was read."""
        if self.session.replays and not self._playhead.held:
            self._playhead.go_to(float("-inf"))
            self._playing = True
            self._show_moment()

    @property
    def looking(self) -> Looking | None:
        """Where in the past one looks; None where one sees the present."""
        view, session = self._playhead.view, self.session
        if view is None or not view.held:
            return None
        return Looking(
            view.snapshot.at.wall,
            session.monitor.latest.at.since(view.snapshot.at),
            session.replays,
            self._playing,
            self._speed,
            session.progress if isinstance(session, ReplaySession) else 1.0,
        )

    def _show_moment(self) -> None:
        view = self._playhead.view
        if view is not None:
            changed = self.snapshot is not view.snapshot
            self.snapshot = view.snapshot
            if not changed:
                self.show_selected()
        self._show_server()
        self.query_one(KeyBar).show(self.footer_keys())

    def footer_keys(self) -> list[keymap.Key]:
        """In the past of a server, first of all the way back to the present."""
        keys = super().footer_keys()
        if self.looking is None or self.session.replays:
            return keys
        pause, *others = dict.fromkeys([*keymap.WATCHING, *keys])
        present = dataclasses.replace(pause, label="to the present")
        return [present, *(key for key in others if self.check_action(key.action_name, ()))]

    @property
    def event(self) -> Event | None:
        """What happened at the moment that is looked at."""
        view = self._playhead.view
        if self._event is not None or view is None or not view.held or self.model is None:
            return self._event
        here = self.session.monitor.events.about(self.model.key, 0.0, view.snapshot.at)
        return max(here, key=lambda event: event.kind.is_bad, default=None)

    def _leave(self, event: Event | None = None) -> None:
        """Go from the moment that is looked at to another one, that of an event perhaps."""
        self._playing = False
        self._event = event

    def _play(self) -> None:
        if not self._playing:
            return
        if self._playhead.is_at_end and isinstance(self.session, ReplaySession):
            self._playing = self.session.progress < 1
        self._playhead.play(FRAME_S * self._speed)
        self._show_moment()

    def action_pause(self) -> None:
        """Hold the display still, or let it go on: to the present, or playing the recording."""
        self._event = None
        if self.session.replays:
            self._playing = not self._playing
            if self._playing and self._playhead.is_at_end:
                self._playhead.go_to(float("-inf"))
        elif self._playhead.held:
            self._playhead.release()
        else:
            self._playhead.hold()
        self._show_moment()

    def action_step(self, ticks: int) -> None:
        """Look at an earlier or a later tick."""
        self._leave()
        self._playhead.step(ticks)
        self._show_moment()

    def action_to_event(self, direction: int) -> None:
        """Look at the moment of the next event, or of the one before."""
        event = self._playhead.go_to_event(direction)
        if event is None:
            which = "later" if direction > 0 else "earlier"
            self.note(Note(f"there is no {which} event"), bad=False)
            return
        self._leave(event)
        self._show_moment()

    def action_to_time(self) -> None:
        """Ask for a time and look at it."""
        self.app.push_screen(AskText("Go to a time", FORMS, "time", self._go_to_time))

    async def _go_to_time(self, text: str) -> None:
        self.go_to_time(text)

    def go_to_time(self, text: str) -> None:
        """Look at a moment that is written as a person does.

        Raises:
            InvalidArgument: it is no time, or nothing is known of it.
        """
        view = self._playhead.view
        if view is None:
            return
        moment = parse_when(text, view.snapshot.at.wall.astimezone())
        if not self.look_at_time(moment):
            raise InvalidArgument(f"nothing was seen as early as {moment:%Y-%m-%d %H:%M:%S}")

    def look_at_event(self, event: Event) -> None:
        """Show the moment of an event, and say what it was."""
        self._leave(event)
        self._playhead.go_to(event.at.monotonic)
        self._show_moment()

    def look_at_time(self, moment: datetime) -> bool:
        """Show a time of the wall clock; whether anything is known of it."""
        if not self._playhead.go_to_time(moment):
            return False
        self._leave()
        self._show_moment()
        return True

    def action_span(self, direction: int) -> None:
        """Show a longer or a shorter time on the charts."""
        self.set_span(other_span(self._playhead.span_s, direction))

    def set_span(self, seconds: float) -> None:
        """Show about that much time on the charts."""
        self._playhead.span_s = nearest_span(seconds)
        self.show_selected()

    def action_speed(self, factor: float) -> None:
        """Play faster or slower."""
        self._speed = min(max(self._speed * factor, SPEEDS[0]), SPEEDS[1])
        self._show_server()

    def on_time_axis_pointed(self, message: TimeAxis.Pointed) -> None:
        """Look at the moment that was clicked, or at that of the event there."""
        self._point_at(message.age_s)

    def on_chart_pointed(self, message: Chart.Pointed) -> None:
        """Look at the moment that was clicked."""
        self._point_at(message.age_s)

    def _point_at(self, age_s: float) -> None:
        view = self._playhead.view
        if view is not None:
            self._leave()
            self._playhead.go_to(view.edge.monotonic - age_s)
            self._show_moment()
