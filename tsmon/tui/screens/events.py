"""What happened to the server and its models, the newest first."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList

from tsmon.telemetry.events import Event, EventLog
from tsmon.tui import keymap
from tsmon.tui.tones import Tone, line
from tsmon.tui.widgets.event_line import spell
from tsmon.tui.widgets.words import Words

REFRESH_S = 1.0
NOTHING = (
    "Nothing has happened since the monitor was opened.\n"
    "Models, workers, restarts and errors show here, noticed within a tick."
)


class Events(ModalScreen[Event | None]):
    """The events that the monitor noticed; gives the one whose moment is to be looked at.

    New ones appear while it is open.
    """

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(keymap.DIALOG_KEYS)

    def __init__(self, log: EventLog) -> None:
        super().__init__()
        self._log = log
        self._shown: tuple[Event, ...] | None = None

    def compose(self) -> ComposeResult:
        """The list."""
        with Vertical(id="page") as box:
            box.border_title = "Events"
            box.border_subtitle = "enter shows that moment, esc closes"
            yield Words(id="events-none")
            yield OptionList(id="events-lines", compact=True)

    def on_mount(self) -> None:
        """Show what there is, and look for more."""
        self._refresh()
        self.set_interval(REFRESH_S, self._refresh)

    def action_cancel(self) -> None:
        """Close it."""
        self.dismiss(None)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Look at that moment."""
        if self._shown:
            self.dismiss(self._shown[-1 - event.option_index])

    def _refresh(self) -> None:
        """Show what there is now; the cursor stays on its event."""
        events = self._log.events
        if events == self._shown:
            return
        listed = self.query_one(OptionList)
        chosen = listed.highlighted
        more = len(events) - len(self._shown or ())
        self._shown = events
        self.query_one("#events-none", Words).say(None if events else line((NOTHING, Tone.MUTED)))
        listed.clear_options()
        listed.add_options([spell(event) for event in reversed(events)])
        if events:
            listed.highlighted = 0 if not chosen else min(chosen + more, len(events) - 1)
