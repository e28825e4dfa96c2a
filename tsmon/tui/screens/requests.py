"""Single requests: the slowest, the failed, the latest ones that the log files have."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.reactive import var

from tsmon.logs.layout import LAYOUT_HINT
from tsmon.ordering import arrange
from tsmon.telemetry.log_page.requests import RequestBuffer, SeenRequest
from tsmon.threads import in_thread
from tsmon.tui import keymap
from tsmon.tui.screens.filtered_page import FilteredPage
from tsmon.tui.screens.one_request import OneRequest, RequestPage
from tsmon.tui.state.log_sources import LogSources, why_no_logs
from tsmon.tui.text.notes import Note
from tsmon.tui.text.tones import Span, Tone
from tsmon.tui.widgets.columns import cells_of
from tsmon.tui.widgets.filter_bar import FilterBar
from tsmon.tui.widgets.long_table import LongTable
from tsmon.tui.widgets.request_table import (
    CYCLE,
    REQUEST_COLUMNS,
    TOTAL,
    format_order,
    model_of,
    request_detail,
    words_of,
)
from tsmon.tui.widgets.words import Words
from tsmon.units import byte_size, count

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelKey
    from tsmon.tui.widgets.columns import TableColumn

REQUESTS_REFRESH_S = 0.5


class Requests(FilteredPage, RequestPage):
    """A table of all requests that are held, and below it the one under the cursor."""

    KEYS = (*keymap.REQUEST_KEYS, *keymap.PAGE_SHARED_KEYS)
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(KEYS)
    AUTO_FOCUS = "#requests"

    only_failed = var(False, init=False)
    only_model = var(False, init=False)

    def __init__(
        self, sources: LogSources, selected: ModelKey | None, *, failed: bool = False
    ) -> None:
        """With `failed` it begins with the failed requests of the selected version alone."""
        super().__init__(sources)
        self._selected = selected
        self.set_reactive(Requests.only_failed, failed)
        self.set_reactive(Requests.only_model, failed and selected is not None)
        self._order: TableColumn[SeenRequest] = TOTAL
        self._descending = True
        self._held = 0
        """Requests that there were to choose from."""
        self._read_all = False

    def body(self) -> ComposeResult:
        """The filter, what is missing, the table, the request under the cursor."""
        yield FilterBar(id="requests-filter")
        yield Words(id="page-empty")
        yield LongTable[SeenRequest](
            REQUEST_COLUMNS, partial(cells_of, REQUEST_COLUMNS), id="requests"
        )
        yield Words(id="request-detail")

    def on_mount(self) -> None:
        """Begin to read."""
        self.query_one("#page-empty", Words).say(None)
        self._table.show_order(self._order, descending=self._descending)
        self.run_worker(self._follow(), group="reading")

    async def _follow(self) -> None:
        """Take what the log has, then what comes."""
        while self.is_open:
            follower = self._sources.requests()
            changed, self._follower = follower is not self._follower, follower
            more = follower is not None and await in_thread(follower.read)
            if self.is_open and (more or changed or not self._read_all):
                self._read_all |= not more
                self._show()
            await asyncio.sleep(0 if more else REQUESTS_REFRESH_S)

    @property
    def _table(self) -> LongTable[SeenRequest]:
        return self.query_one(LongTable)

    @property
    def _buffer(self) -> RequestBuffer:
        return self._follower.buffer if self._follower is not None else RequestBuffer()

    @property
    def _chosen(self) -> SeenRequest | None:
        return self._table.chosen

    def _show(self, *, from_top: bool = False) -> None:
        kept = self._buffer.kept(failed=self.only_failed)
        self._held = len(kept)
        key = self._selected if self.only_model else None
        passes = self.query_one(FilterBar).filter.passes
        found = [each for each in kept if _is_of(each, key) and passes(words_of(each))]
        rows = arrange(found, self._order.value, descending=self._descending)
        longest = max((len(model_of(seen)) for seen in rows), default=0)
        self._table.show(rows, longest={"model": longest}, from_top=from_top)
        self.query_one("#page-empty", Words).say(self._empty())
        self._show_chosen()
        self.show_title()

    def _empty(self) -> Content | None:
        if self._table.items or not self._read_all:
            return None
        return self.why_empty(self._why_none())

    def _why_none(self) -> Note:
        if self.session.replays:
            return Note(
                "a recording has percentiles, but no single requests",
                "open the server itself: tsmon --server URL",
            )
        if self._follower is None:
            return why_no_logs(self.session)
        if self._follower.problem:
            hint = LAYOUT_HINT if self._follower.is_strange else "pass their folder with --logs DIR"
            return Note(self._follower.problem, hint)
        if self._buffer.count:
            return Note(
                "no request matches",
                "{requests.failed} shows all, {requests.model} those of all models, "
                "{page.back} clears the filter",
            )
        return Note(
            "the log files have no request to a model yet",
            "{page.back}, then {digits.send-many} sends ten",
        )

    def headline(self) -> tuple[Sequence[Span], Sequence[Span]]:
        """Which requests these are, how many there were, and how many are held."""
        buffer, shown = self._buffer, len(self._table.items)
        order = format_order(self._order, descending=self._descending)
        left: list[Span] = [("Requests", Tone.ACCENT), (order, Tone.PLAIN)]
        if self.only_failed:
            left.append(("✗ failed only", Tone.BAD))
        if self.only_model and self._selected:
            left.append((f"{self._selected}", Tone.ACCENT))
        if filter_ := self.query_one(FilterBar).filter:
            left.append((f"filter {filter_.text}", Tone.ACCENT))
        if self._follower is not None and self._follower.problem and not buffer.count:
            return left, [("not read", Tone.WARNING)]
        failed: Span = (
            (f"✗ {count(buffer.failed_count)} failed", Tone.BAD)
            if buffer.failed_count
            else ("none failed", Tone.MUTED)
        )
        right: list[Span] = [(f"{count(buffer.count)} seen", Tone.PLAIN), failed]
        if self._follower is not None and not self._read_all:
            right.append((f"reading, {byte_size(self._follower.left)} left", Tone.WARNING))
        if self._follower is not None and self._follower.zone.name:
            right.append((f"times in {self._follower.zone.name}", Tone.WARNING))
        if shown < self._held:
            right.append((f"{count(shown)} of {count(self._held)} kept shown", Tone.MUTED))
        elif self._held < buffer.count:
            right.append((f"{count(self._held)} kept", Tone.MUTED))
        return left, right

    def _show_chosen(self) -> None:
        chosen = self._chosen
        self.query_one("#request-detail", Words).say(request_detail(chosen) if chosen else None)

    def on_long_table_moved(self, event: LongTable.Moved) -> None:
        """Show the request under the cursor."""
        event.stop()
        self._show_chosen()

    def on_long_table_opened(self, event: LongTable.Opened) -> None:
        """A second click on a request."""
        event.stop()
        self.action_open()

    def action_open(self) -> None:
        """Show the request under the cursor alone."""
        if self._chosen is not None and self._follower is not None:
            self.go_above(OneRequest(self._sources, self._follower, self._chosen))

    # Which, and in which order

    def on_long_table_title_clicked(self, event: LongTable.TitleClicked) -> None:
        """Sort by a column whose title is clicked; the one it is sorted by, the other way round."""
        event.stop()
        column = next(each for each in REQUEST_COLUMNS if each is event.column)
        if column is self._order:
            self.action_reverse()
        else:
            self._sort_by(column, descending=column.largest_first)

    def action_order(self) -> None:
        """Sort by the next column that is shown."""
        shown = [column for column in CYCLE if self._table.shows(column)]
        at = shown.index(self._order) if self._order in shown else -1
        column = shown[(at + 1) % len(shown)]
        self._sort_by(column, descending=column.largest_first)

    def action_reverse(self) -> None:
        """Sort by the same column the other way round."""
        self._sort_by(self._order, descending=not self._descending)

    def _sort_by(self, column: TableColumn[SeenRequest], *, descending: bool) -> None:
        self._order, self._descending = column, descending
        self._table.show_order(column, descending=descending)
        self._show(from_top=True)

    def action_failed(self) -> None:
        """The failed ones alone, or all."""
        self.only_failed = not self.only_failed
        self._show(from_top=True)

    def action_model(self) -> None:
        """The selected version alone, or all."""
        if self._selected is None:
            self.talk.note(Note("no model is selected in the monitor"), bad=False)
            return
        self.only_model = not self.only_model
        self._show(from_top=True)

    def show_filtered(self) -> None:
        """Show the rows that pass, from the first."""
        self._show(from_top=True)


def _is_of(request: SeenRequest, key: ModelKey | None) -> bool:
    """Whether it went to this version; one that reached no worker went to the model."""
    return key is None or (request.model == key.name and request.version in (key.version, ""))
