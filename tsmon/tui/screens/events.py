"""What happened to the server and its models, the newest first."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList

from tsmon.telemetry.events import Event, EventLog
from tsmon.tui import keymap
from tsmon.tui.equivalents import without_secrets
from tsmon.tui.filters import Filter
from tsmon.tui.tones import Tone, line
from tsmon.tui.widgets.event_line import spell
from tsmon.tui.widgets.filter_bar import FilterBar
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

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(
        (*keymap.DIALOG_KEYS, *keymap.EVENT_KEYS)
    )
    AUTO_FOCUS = "#events-lines"

    def __init__(self, log: EventLog) -> None:
        super().__init__()
        self._log = log
        self._known: tuple[Event, ...] | None = None
        self._shown: list[Event] = []
        """Those that pass the filter, the newest first."""

    def compose(self) -> ComposeResult:
        """The list."""
        with Vertical(id="page") as box:
            box.border_title = "Events"
            box.border_subtitle = "enter shows that moment, / filters, y copies, esc closes"
            yield FilterBar(id="events-filter")
            yield Words(id="events-none")
            yield OptionList(id="events-lines", compact=True)

    def on_mount(self) -> None:
        """Show what there is, and look for more."""
        self._refresh()
        self.set_interval(REFRESH_S, self._refresh)

    def action_filter(self) -> None:
        """Ask which events to show."""
        self.query_one(FilterBar).open()

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        """Filter while it is typed."""
        event.stop()
        self._show(self._log.events)

    def on_filter_bar_left(self, event: FilterBar.Left) -> None:
        """Go on in the list."""
        event.stop()
        self.query_one(OptionList).focus()

    def action_copy(self) -> None:
        """Hand the line under the cursor to the terminal's clipboard."""
        at = self.query_one(OptionList).highlighted
        if at is not None:
            text = without_secrets(spell(self._shown[at]).plain)
            self.app.copy_to_clipboard(text)
            self.notify(f"copied: {text}", timeout=3, markup=False)

    def action_cancel(self) -> None:
        """Take the filter away, or close the page."""
        if not self.query_one(FilterBar).clear():
            self.dismiss(None)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Look at that moment."""
        self.dismiss(self._shown[event.option_index])

    def _refresh(self) -> None:
        """Show what there is now."""
        if self._log.events != self._known:
            self._show(self._log.events)

    def _show(self, events: tuple[Event, ...]) -> None:
        """Show the events that pass the filter; the cursor stays on its event."""
        filtered = self.query_one(FilterBar).filter
        listed = self.query_one(OptionList)
        at = listed.highlighted
        chosen = self._shown[at] if at and at < len(self._shown) else None
        self._known = events
        self._shown = [each for each in reversed(events) if filtered.passes(spell(each).plain)]
        self.query_one("#events-none", Words).say(self._why_none(filtered))
        listed.clear_options()
        listed.add_options([spell(event) for event in self._shown])
        if self._shown:
            listed.highlighted = next(
                (row for row, event in enumerate(self._shown) if event is chosen), 0
            )
        count = f" · filter {filtered.text}: {len(self._shown)} of {len(events)}"
        self.query_one("#page").border_title = Content("Events" + (count if filtered else ""))

    def _why_none(self, filtered: Filter) -> Content | None:
        if self._shown:
            return None
        if self._known:
            return line(("no event passes the filter ", Tone.MUTED), (filtered.text, Tone.PLAIN))
        return line((NOTHING, Tone.MUTED))
