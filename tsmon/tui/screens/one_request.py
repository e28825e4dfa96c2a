"""One request alone: where its time went, and the way to its log lines and to its moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from tsmon.logs.files import ACCESS_LOG, TS_LOG
from tsmon.telemetry.log_page.view import LogFilter
from tsmon.tui import keymap
from tsmon.tui.keymap import PaneName
from tsmon.tui.screens.full_page import Page
from tsmon.tui.screens.logs import Logs, LogStart
from tsmon.tui.text.tones import Span, Tone
from tsmon.tui.widgets.motion import ScrollableText
from tsmon.tui.widgets.request_table import request_detail, whole_request
from tsmon.units import milliseconds

if TYPE_CHECKING:
    from tsmon.telemetry.log_page.requests import RequestFollower, SeenRequest
    from tsmon.tui.state.log_sources import LogSources

MARGIN = 4
"""Columns beside the text."""


class RequestPage(Page):
    """A page on which one request is chosen."""

    PANE = PaneName.METRICS

    def __init__(self, sources: LogSources, follower: RequestFollower | None = None) -> None:
        super().__init__(sources.session)
        self._sources = sources
        self._follower = follower

    @property
    def _chosen(self) -> SeenRequest | None:
        """The request that the keys are about."""
        raise NotImplementedError

    def action_lines(self) -> None:
        """Show the lines of the log while this request was answered."""
        chosen = self._chosen
        if chosen is None or self._follower is None:
            return
        if chosen.worker:
            filter_ = LogFilter(chosen.model, chosen.version, chosen.worker, routine=True)
        else:
            filter_ = LogFilter()
        began = self._follower.zone.moment(chosen.began)
        file = TS_LOG if self._follower.has_workers else ACCESS_LOG
        self.go_above(Logs(self._sources, LogStart(filter_, began, file)))

    def action_moment(self) -> None:
        """Show the moment of this request in the monitor."""
        chosen = self._chosen
        if chosen is not None and self._follower is not None:
            self.dismiss(self._follower.zone.moment(chosen.time))

    def action_copy(self) -> None:
        """Copy what is known of it."""
        chosen = self._chosen
        if chosen is not None:
            self.copy(request_detail(chosen).plain)


class OneRequest(RequestPage):
    """Its parts as bars, and how it stands among those of its model."""

    KEYS = (*keymap.ONE_REQUEST_KEYS, *keymap.PAGE_SHARED_KEYS)
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(KEYS)
    AUTO_FOCUS = "#one-request"

    def __init__(self, sources: LogSources, follower: RequestFollower, seen: SeenRequest) -> None:
        super().__init__(sources, follower)
        self._seen = seen
        self._others = follower.buffer.kept()

    @property
    def _chosen(self) -> SeenRequest:
        return self._seen

    def body(self) -> ComposeResult:
        """The text, which may be longer than the screen."""
        with ScrollableText(id="one-request"):
            yield Static(id="one-request-text")

    def on_resize(self, event: events.Resize) -> None:
        """Bars as long as there is room."""
        super().on_resize(event)
        text = whole_request(self._seen, self._others, event.size.width - MARGIN)
        self.query_one("#one-request-text", Static).update(text)

    def headline(self) -> tuple[Sequence[Span], Sequence[Span]]:
        """Which request this is."""
        seen = self._seen
        tone = Tone.BAD if seen.failed else Tone.PLAIN
        left: list[Span] = [("Request", Tone.ACCENT), (f"{seen.model} {seen.version}", Tone.PLAIN)]
        return left, [(milliseconds(seen.total_ms), tone), (f"{seen.time:%H:%M:%S}", Tone.MUTED)]
