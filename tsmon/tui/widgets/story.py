"""What else there is to a model seen in depth: its settings, numbers and events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList

from tsmon.tui.text.numbers import STATISTICS_WIDTH, compose_statistics
from tsmon.tui.text.tones import Tone, line
from tsmon.tui.widgets.event_line import format_about
from tsmon.tui.widgets.motion import Choices
from tsmon.tui.widgets.percentile_table import compose_window
from tsmon.tui.widgets.words import Words
from tsmon.units import count

if TYPE_CHECKING:
    from tsmon.telemetry.events import Event
    from tsmon.telemetry.snapshot import ModelStatus, Snapshot
    from tsmon.torchserve.records import ModelVersion

TITLE = "Details"
PERCENTILE_LINES, STATISTICS_LINES, LONG_LINES = 8, 19, 27
"""Lines from which on there is room for percentiles, for the statistics, and for the percentiles of
five minutes: some are left for the events."""
PADDING = 2
"""Cells beside each line."""
NOTHING_HAPPENED = "no events so far"
NO_PERCENTILES = "no percentiles: no requests in five minutes, or no log files (--logs DIR)"


class VersionDetails(Vertical):
    """A box below the workers."""

    class Chosen(Message):
        """The moment of an event is to be looked at."""

        def __init__(self, event: Event) -> None:
            super().__init__()
            self.event = event

    def __init__(self) -> None:
        super().__init__(id="story")
        self.border_title = TITLE
        self._events: Sequence[Event] | None = None

    def compose(self) -> ComposeResult:
        """Settings and percentiles, and the events, the newest first."""
        yield Words(id="story-settings")
        yield Words(id="story-percentiles")
        yield Words(id="story-statistics")
        yield Words(id="story-long")
        yield Words(id="story-none")
        yield Choices(id="story-events", compact=True)

    def show(self, snapshot: Snapshot, model: ModelStatus | None, events: Sequence[Event]) -> None:
        """Render a tick; the events are oldest first."""
        self._say("settings", _settings(model.described) if model else None)
        problem = snapshot.metrics.log_problem
        height = self.content_size.height
        has_room = model is not None and height >= PERCENTILE_LINES
        self._say("percentiles", _percentiles(model, problem) if has_room and model else None)
        is_wide = self.content_size.width >= STATISTICS_WIDTH + PADDING
        has_room = model is not None and is_wide and height >= STATISTICS_LINES
        self._say("statistics", compose_statistics(snapshot, model) if has_room and model else None)
        report = model.requests if model and height >= LONG_LINES else None
        self._say("long", compose_window(report.five_minutes, "ms, 5 min") if report else None)
        if events == self._events:
            return
        self._events = events
        self.query_one("#story-none", Words).say(
            None if events else line((NOTHING_HAPPENED, Tone.MUTED))
        )
        listed = self.query_one(OptionList)
        listed.display = bool(events)
        listed.clear_options()
        listed.add_options([format_about(event) for event in reversed(events)])

    def _say(self, part: str, words: Content | None) -> None:
        self.query_one(f"#story-{part}", Words).say(words)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Look at that moment."""
        event.stop()
        if self._events:
            self.post_message(self.Chosen(self._events[-1 - event.option_index]))


def _settings(model: ModelVersion) -> Content:
    """What it was registered with."""
    words = [f"batch {count(model.batch_size)}"]
    if model.batch_size != 1 and model.max_batch_delay_ms is not None:
        words.append(f"delay up to {model.max_batch_delay_ms} ms")
    if model.response_timeout_s:
        words.append(f"time-out {model.response_timeout_s} s")
    if model.queue:
        words.append(f"{count(model.queue.capacity)} queue places")
    return line((" · ".join([*words, model.url] if model.url else words), Tone.MUTED))


def _percentiles(model: ModelStatus, log_problem: str) -> Content:
    if model.requests is None and log_problem:
        return line((f"no percentiles: {log_problem}", Tone.WARNING))
    if model.requests is None:
        return line((NO_PERCENTILES, Tone.MUTED))
    return compose_window(model.requests.minute, "ms, 1 min")
