"""Going back in time: pause, step, jump, play."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from tsmon.telemetry.time_expressions import FORMS, parse_time
from tsmon.torchserve.errors import InvalidArgument
from tsmon.tui import keymap
from tsmon.tui.monitor.capability import Capability, Handlers
from tsmon.tui.state.session import ReplaySession
from tsmon.tui.state.steps import nearest_span, other_span
from tsmon.tui.text.notes import Note
from tsmon.tui.widgets.server_bar import Looking

if TYPE_CHECKING:
    from tsmon.telemetry.events import Event
    from tsmon.telemetry.playhead import Playhead
    from tsmon.tui.monitor.screen import MonitorScreen

FRAME_S = 0.25
"""Seconds between two steps of a recording that is played."""
SPEEDS = (0.25, 64.0)
"""The slowest and the fastest, in recorded seconds a second."""


class LookingBack(Capability):
    """Moves the moment that is shown."""

    def __init__(self, host: MonitorScreen) -> None:
        super().__init__(host)
        self._playing = False
        self._speed = 1.0
        self._event: Event | None = None

    def actions(self) -> Handlers:
        """The keys of the time."""
        return {
            "time.pause": self._pause,
            "time.back": partial(self._step, -1),
            "time.on": partial(self._step, 1),
            "time.event-before": partial(self._to_event, -1),
            "time.event-next": partial(self._to_event, 1),
            "time.jump": self._ask_time,
            "time.wider": partial(self._change_span, 1),
            "time.closer": partial(self._change_span, -1),
            "time.slower": partial(self._change_speed, 0.5),
            "time.faster": partial(self._change_speed, 2.0),
        }

    def mounted(self) -> None:
        """Let recorded time pass."""
        self.host.set_interval(FRAME_S, self._play)

    def connected(self) -> None:
        """Another session has a past of its own."""
        self._leave()

    def ticked(self) -> None:
        """A recording begins to play where it begins, as soon as that was read."""
        if self.host.session.replays and not self._playhead.held:
            self._playhead.go_to(float("-inf"))
            self._playing = True
            self._show_moment()

    def footer(self, keys: list[keymap.Key]) -> list[keymap.Key]:
        """In the past of a server, first of all the way back to the present."""
        if self.looking is None or self.host.session.replays:
            return keys
        pause, *others = dict.fromkeys([*keymap.WATCHING, *keys])
        present = msgspec.structs.replace(pause, label="to the present")
        return [present, *(key for key in others if self.host.offers(key.id))]

    # The moment

    @property
    def _playhead(self) -> Playhead:
        return self.host.session.playhead

    @property
    def looking(self) -> Looking | None:
        """Where in the past one looks; None where one sees the present."""
        view, session = self._playhead.view, self.host.session
        if view is None or not view.held:
            return None
        return Looking(
            view.snapshot.at.wall,
            session.past.at(-1).since(view.snapshot.at),
            session.replays,
            self._playing,
            self._speed,
            session.progress if isinstance(session, ReplaySession) else 1.0,
        )

    @property
    def event(self) -> Event | None:
        """What happened at the moment that is looked at; None while one sees the present."""
        view, model = self._playhead.view, self.host.model
        if self._event is not None or view is None or not view.held or model is None:
            return self._event
        here = self.host.session.monitor.events.about(model.key, 0.0, view.snapshot.at)
        return max(here, key=lambda event: event.kind.is_bad, default=None)

    def _show_moment(self) -> None:
        view = self._playhead.view
        if view is not None:
            self.host.show(view.snapshot)
        self.host.show_server()
        self.host.show_keys()

    def _leave(self, event: Event | None = None) -> None:
        """Go from the moment that is looked at to another one, that of an event perhaps."""
        self._playing = False
        self._event = event

    def _play(self) -> None:
        if not self._playing:
            return
        session = self.host.session
        if self._playhead.is_at_end and isinstance(session, ReplaySession):
            self._playing = session.progress < 1
        self._playhead.play(FRAME_S * self._speed)
        self._show_moment()

    # To other moments

    def _pause(self) -> None:
        """Hold the display still, or let it go on: to the present, or playing the recording."""
        self._event = None
        if self.host.session.replays:
            self._playing = not self._playing
            if self._playing and self._playhead.is_at_end:
                self._playhead.go_to(float("-inf"))
        elif self._playhead.held:
            self._playhead.release()
        else:
            self._playhead.hold()
        self._show_moment()

    def _step(self, ticks: int) -> None:
        self._leave()
        moved = self._playhead.step(ticks)
        self._show_moment()
        if not moved and ticks < 0 and (begins := self._begins()):
            self.talk.note(Note(f"the data begins here, at {begins}"), bad=False)

    def _begins(self) -> str:
        """When the first tick was that can be gone back to."""
        past = self.host.session.past
        return f"{past.at(0).wall.astimezone():%H:%M:%S}" if past else ""

    def _to_event(self, direction: int) -> None:
        event = self._playhead.go_to_event(direction)
        if event is None:
            self.talk.note(Note(self._no_event("later" if direction > 0 else "earlier")), bad=False)
            return
        self._leave(event)
        self._show_moment()

    def _no_event(self, which: str) -> str:
        session = self.host.session
        if isinstance(session, ReplaySession) and session.progress < 1:
            share = f"{session.progress:.0%}".replace("%", " %")
            return f"no {which} event is found yet: {share} of the recording is searched"
        return f"there is no {which} event"

    def _ask_time(self) -> None:
        from tsmon.tui.screens.ask import AskText

        self.talk.push(AskText("Go to a time", FORMS, "time", self._go_to_time))

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
        moment = parse_time(text, view.snapshot.at.wall.astimezone())
        if not self.look_at_time(moment):
            early = f"no data as early as {moment:%Y-%m-%d %H:%M:%S}"
            raise InvalidArgument(f"{early}; the data begins at {self._begins()}")

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

    def look_at_age(self, age_s: float) -> None:
        """Show the moment that many seconds before the newest on the charts."""
        view = self._playhead.view
        if view is not None:
            self._leave()
            self._playhead.go_to(view.edge.monotonic - age_s)
            self._show_moment()

    # How much time, and how fast

    def _change_span(self, direction: int) -> None:
        self.set_span(other_span(self._playhead.span_s, direction))

    def set_span(self, seconds: float) -> None:
        """Show about that much time on the charts."""
        self._playhead.span_s = nearest_span(seconds)
        self.host.show_selected()

    def _change_speed(self, factor: float) -> None:
        self._speed = min(max(self._speed * factor, SPEEDS[0]), SPEEDS[1])
        self.host.show_server()
