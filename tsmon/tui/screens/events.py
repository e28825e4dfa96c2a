"""What happened to the server and its models, the newest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.reactive import var
from textual.widgets import OptionList

from tsmon.telemetry.events import Event, EventKind
from tsmon.telemetry.log_page.view import LogFilter
from tsmon.tui import keymap
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.screens.filtered_page import FilteredPage
from tsmon.tui.screens.list_dialog import Pick
from tsmon.tui.screens.logs import Logs, LogStart
from tsmon.tui.screens.why import NO_FIXES, Fixing, Why, WhyStart
from tsmon.tui.state.troubles import Trouble
from tsmon.tui.text.notes import Note
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.widgets.event_line import format_event
from tsmon.tui.widgets.filter_bar import FilterBar
from tsmon.tui.widgets.motion import Choices
from tsmon.tui.widgets.words import Words
from tsmon.units import plural

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelKey
    from tsmon.tui.state.log_sources import LogSources

EVENTS_REFRESH_S = 1.0
NO_EVENTS = (
    "No events since the monitor was opened.\n"
    "Models, workers, restarts and errors appear here within a tick."
)
NONE_LIKE_THAT = (
    "No event matches: {events.bad} also shows good ones, {events.kind} all kinds, "
    "{events.model} all models."
)


class Events(FilteredPage):
    """The events that the monitor noticed; gives the one whose moment is to be looked at.

    New ones appear while it is open.
    """

    KEYS = (*keymap.EVENT_KEYS, *keymap.PAGE_SHARED_KEYS)
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(KEYS)
    AUTO_FOCUS = "#events-lines"

    only_bad = var(False, init=False)
    only_model = var(False, init=False)
    kind: var[EventKind | None] = var(None, init=False)
    """The kind shown; None for all."""

    def __init__(
        self, sources: LogSources, selected: ModelKey | None, fixing: Fixing | None = None
    ) -> None:
        super().__init__(sources.session)
        self._fixing = fixing or NO_FIXES
        self._sources = sources
        self._selected = selected
        self._shown: list[Event] | None = None

    def body(self) -> ComposeResult:
        """The filter, what is missing, and the list."""
        yield FilterBar(id="events-filter")
        yield Words(id="page-empty")
        yield Choices(id="events-lines", compact=True)

    def on_mount(self) -> None:
        """Show the current state, and look for more."""
        self._refresh()
        self.set_interval(EVENTS_REFRESH_S, self._refresh)

    @property
    def _all(self) -> tuple[Event, ...]:
        return self.session.monitor.events.events

    @property
    def _chosen(self) -> Event | None:
        at = self.query_one(OptionList).highlighted
        return self._shown[at] if self._shown and at is not None else None

    def _is_shown(self, event: Event) -> bool:
        if self.only_bad and not event.kind.is_bad:
            return False
        if self.kind is not None and event.kind is not self.kind:
            return False
        if self.only_model and event.model != self._selected:
            return False
        return self.query_one(FilterBar).filter.passes(format_event(event).plain)

    def _refresh(self) -> None:
        """Show the current state; the cursor stays on its event."""
        events = [event for event in reversed(self._all) if self._is_shown(event)]
        if events == self._shown:
            return
        listed, chosen = self.query_one(OptionList), self._chosen
        at_top = not listed.highlighted
        self._shown = events
        self.query_one("#page-empty", Words).say(self._why_none())
        listed.clear_options()
        listed.add_options([format_event(event) for event in events])
        if events:
            kept = chosen in events and not at_top
            listed.highlighted = events.index(chosen) if kept and chosen else 0
        self.show_title()

    def _why_none(self) -> Content | None:
        filtered = self.query_one(FilterBar).filter
        if self._shown:
            return None
        if self._all and filtered:
            return line(("no event matches the filter ", Tone.MUTED), (filtered.text, Tone.PLAIN))
        words = keys_of(self).expand(NONE_LIKE_THAT) if self._all else NO_EVENTS
        return line((words, Tone.MUTED))

    def headline(self) -> tuple[Sequence[Span], Sequence[Span]]:
        """Which events these are, and how many."""
        left: list[Span] = [("Events", Tone.ACCENT)]
        if self.only_bad:
            left.append(("! bad only", Tone.BAD))
        if self.kind is not None:
            left.append((self.kind.value, Tone.ACCENT))
        if self.only_model:
            left.append((str(self._selected), Tone.ACCENT))
        filtered = self.query_one(FilterBar).filter
        if filtered:
            left.append((f"filter {filtered.text}", Tone.ACCENT))
        every = self._all
        bad = sum(event.kind.is_bad for event in every)
        shown = f"{len(self._shown or ())} of {plural(len(every), 'event')}"
        return left, [(f"! {bad} bad", Tone.BAD if bad else Tone.MUTED), (shown, Tone.MUTED)]

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click on an event."""
        self.action_moment()

    def show_filtered(self) -> None:
        """Show the rows that pass, from the first."""
        self._refresh()
        self.show_title()

    def action_moment(self) -> None:
        """Look at that moment."""
        if self._chosen is not None:
            self.dismiss(self._chosen)

    def action_bad(self) -> None:
        """Only what needs attention, or all."""
        self.only_bad = not self.only_bad
        self._refresh()

    def action_model(self) -> None:
        """Only the selected version's, or all."""
        if self._selected is None:
            self.talk.note(Note("no model is selected in the monitor"), bad=False)
            return
        self.only_model = not self.only_model
        self._refresh()

    def action_kind(self) -> None:
        """Choose the kind to show."""
        self.talk.do(self._choose_kind())

    async def _choose_kind(self) -> None:
        seen = Counter(event.kind for event in self._all)
        choices: list[tuple[str, EventKind | None]] = [(f"all  {seen.total()}", None)]
        choices += [(f"{kind.value}  {seen[kind]}", kind) for kind in EventKind if seen[kind]]
        picked = await self.app.push_screen_wait(Pick("Kind of events", choices, self.kind))
        if picked is not None:
            self.kind = picked.choice
            self._refresh()

    def action_logs(self) -> None:
        """Show what the log has of that moment."""
        chosen = self._chosen
        if chosen is None:
            return
        # Log files carry the server's local time, and an event is noticed up to a tick late.
        moment = chosen.at.wall.astimezone().replace(tzinfo=None)
        key = chosen.model
        filter_ = LogFilter(key.name, key.version) if key is not None else LogFilter()
        self.go_above(Logs(self._sources, LogStart(filter_, moment)))

    def action_why(self) -> None:
        """Show why it happened."""
        chosen, past = self._chosen, self.session.past
        if chosen is None or not past:
            return
        snapshot = past[past.index_at(chosen.at.monotonic)]
        words = chosen.subject.rpartition("worker ")
        trouble = Trouble(chosen.model, words[2] if words[1] else "", chosen)
        self.go_above(Why(self._sources, WhyStart(snapshot, (trouble,)), self._fixing))

    def action_copy(self) -> None:
        """Copy the event as one line."""
        if self._chosen is not None:
            self.copy(format_event(self._chosen).plain)
