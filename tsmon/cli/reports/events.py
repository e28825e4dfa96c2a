"""Prints what happens to a server, each event once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsmon.cli.output import emit, emit_json_line
from tsmon.notify.records import event_record

if TYPE_CHECKING:
    from tsmon.telemetry.events import Event
    from tsmon.telemetry.monitor import Monitor

CLOCK = "%H:%M:%S"
"""The time of what happens now; a recording may be of another day."""


class EventPrinter:
    """Prints the events of a monitor, a line each."""

    def __init__(
        self,
        monitor: Monitor,
        count: int | None = None,
        *,
        as_json: bool = False,
        clock: str = CLOCK,
    ) -> None:
        """`count` is how many at most; `clock` how a time is written."""
        self._monitor = monitor
        self._left = count
        self._as_json = as_json
        self._clock = clock
        self._last: Event | None = None

    def go_on(self) -> bool:
        """Print what is new; whether more is wanted."""
        news = self._monitor.events.after(self._last)[: self._left]
        for event in news:
            if self._as_json:
                emit_json_line(event_record(event))
            else:
                emit(_line(event, self._clock))
        self._last = news[-1] if news else self._last
        if self._left is not None:
            self._left -= len(news)
        return self._left != 0


def _line(event: Event, clock: str) -> str:
    mark = "!" if event.kind.is_bad else " "
    local = event.at.wall.astimezone()
    return f"{local:{clock}} {mark} {event.kind:<19} {event.subject}  {event.text}".rstrip()
