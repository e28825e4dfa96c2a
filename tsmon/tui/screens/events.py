"""What happened to the server and its models, the newest first."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from tsmon.telemetry.events import Event, EventLog
from tsmon.tui import keymap
from tsmon.tui.tones import Span, Tone, line
from tsmon.tui.widgets.words import Words

REFRESH_S = 1.0
NOTHING = (
    "Nothing has happened since the monitor was opened.\n"
    "Models, workers, restarts and errors show here, noticed within a tick."
)


class Events(ModalScreen[None]):
    """The events that the monitor noticed; new ones appear while it is open."""

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(keymap.DIALOG_KEYS)

    def __init__(self, log: EventLog) -> None:
        super().__init__()
        self._log = log
        self._shown: tuple[Event, ...] | None = None

    def compose(self) -> ComposeResult:
        """The list."""
        with VerticalScroll(id="page") as box:
            box.border_title = "Events"
            box.border_subtitle = "esc closes"
            yield Words(id="events-lines")

    def on_mount(self) -> None:
        """Show what there is, and look for more."""
        self._refresh()
        self.set_interval(REFRESH_S, self._refresh)

    def action_cancel(self) -> None:
        """Close it."""
        self.dismiss(None)

    def _refresh(self) -> None:
        events = self._log.events
        if events != self._shown:
            self._shown = events
            self.query_one("#events-lines", Words).say(spell(events))


def spell(events: tuple[Event, ...]) -> Content:
    """The events as lines, the newest first."""
    if not events:
        return line((NOTHING, Tone.MUTED))
    spans: list[Span] = []
    for event in reversed(events):
        tone = Tone.BAD if event.kind.is_bad else Tone.PLAIN
        mark = "!" if event.kind.is_bad else " "
        spans += [
            (f"{event.at.wall.astimezone():%H:%M:%S} ", Tone.MUTED),
            (f"{mark} {event.kind:<18} ", tone),
            (event.subject, Tone.PLAIN),
            (f"  {event.text}\n", Tone.MUTED),
        ]
    return line(*spans)
