"""Single requests: the slowest, the failed, the latest ones that the log files tell of."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.reactive import var
from textual.widgets import DataTable

from tsmon.telemetry.logbook.requests import RequestBook, RequestFeed, SeenRequest
from tsmon.telemetry.logbook.view import LogFilter
from tsmon.telemetry.logs.files import ACCESS_LOG, TS_LOG
from tsmon.telemetry.snapshot import ModelKey
from tsmon.tui import keymap
from tsmon.tui.format import ABSENT, count, milliseconds
from tsmon.tui.keymap import PaneName
from tsmon.tui.log_shelf import LogShelf, why_no_logs
from tsmon.tui.notes import Note
from tsmon.tui.screens.full_page import Page
from tsmon.tui.screens.logs import Logs, LogStart
from tsmon.tui.tones import Span, Tone, line
from tsmon.tui.widgets.columns import Column
from tsmon.tui.widgets.live_table import Cell, LiveTable, Row
from tsmon.tui.widgets.words import Words

REFRESH_S = 0.5
SHOWN = 200
"""Rows of the table; more would cost keys their speed, and nobody reads them."""
COLUMNS = (
    Column("time", "TIME", 12),
    Column("status", "STATUS", 6),
    Column("total", "TOTAL", 8, right=True),
    Column("queue", "QUEUE", 8, right=True, rank=1),
    Column("backend", "BACKEND", 8, right=True, rank=2),
    Column("handler", "HANDLER", 8, right=True, rank=3),
    Column("worker", "WORKER", 6),
    Column("model", "MODEL", 0),
    Column("peer", "FROM", 21, rank=4),
)


class Requests(Page):
    """A table of requests, and of the one under the cursor where its time went."""

    KEYS = (*keymap.REQUEST_KEYS, *keymap.PAGE_SHARED_KEYS)
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(KEYS)
    AUTO_FOCUS = "#requests"
    PANE = PaneName.METRICS

    newest = var(False, init=False)
    """Whether the newest come first, and not the slowest."""
    only_failed = var(False, init=False)
    only_model = var(False, init=False)

    def __init__(self, shelf: LogShelf, selected: ModelKey | None) -> None:
        super().__init__(shelf.session)
        self._shelf = shelf
        self._feed: RequestFeed | None = None
        self._selected = selected
        self._rows: dict[str, SeenRequest] = {}
        self._read_all = False

    def body(self) -> ComposeResult:
        """What is missing, the table, the request under the cursor."""
        yield Words(id="page-empty")
        yield LiveTable(COLUMNS, id="requests")
        yield Words(id="request-detail")

    def on_mount(self) -> None:
        """Begin to read."""
        self.query_one("#page-empty", Words).say(None)
        self.run_worker(self._follow(), group="reading")

    async def _follow(self) -> None:
        """Take what the log has, then what comes."""
        while self.is_open:
            self._feed = feed = self._shelf.requests()
            more = feed is not None and await asyncio.to_thread(feed.read)
            self._read_all |= not more
            if self.is_open:
                self._show()
            await asyncio.sleep(0 if more else REFRESH_S)

    @property
    def _book(self) -> RequestBook:
        return self._feed.book if self._feed is not None else RequestBook()

    @property
    def _chosen(self) -> SeenRequest | None:
        key = self.query_one(LiveTable).cursor_key
        return self._rows.get(key) if key is not None else None

    def _show(self) -> None:
        book = self._book
        choose = book.latest if self.newest else book.slowest
        key = self._selected if self.only_model else None
        found = [each for each in choose(failed=self.only_failed) if _is_of(each, key)]
        self._rows = {str(each.number): each for each in found[:SHOWN]}
        self.query_one(LiveTable).show([_row(each) for each in self._rows.values()])
        self.query_one("#page-empty", Words).say(self._empty())
        self._show_chosen()
        self.show_title()

    def _empty(self) -> Content | None:
        if self._rows or not self._read_all:
            return None
        return self.why_empty(self._why_none())

    def _why_none(self) -> Note:
        if self.session.replays:
            return Note(
                "a recording has percentiles of requests, but no single ones",
                "open the server itself: tsmon --server URL",
            )
        if self._feed is None:
            return why_no_logs(self.session)
        if self._feed.problem:
            return Note(self._feed.problem, "say where the log files are with --logs DIR")
        if self._book.count:
            return Note(
                "no request is like that",
                "{requests.failed} shows all, {requests.model} those of all models",
            )
        return Note(
            "the log files tell of no request to a model yet",
            "{page.back}, then {digits.send-many} sends ten",
        )

    def headline(self) -> tuple[Sequence[Span], Sequence[Span]]:
        """Which requests these are, and how many there were."""
        book = self._book
        order = "newest first" if self.newest else "slowest first"
        left: list[Span] = [("Requests", Tone.ACCENT), (order, Tone.PLAIN)]
        if self.only_failed:
            left.append(("✗ failed only", Tone.BAD))
        if self.only_model and self._selected:
            left.append((f"{self._selected}", Tone.ACCENT))
        failed: Span = (
            (f"✗ {count(book.failed_count)} failed", Tone.BAD)
            if book.failed_count
            else ("none failed", Tone.MUTED)
        )
        right: list[Span] = [(f"{count(book.count)} seen", Tone.PLAIN), failed]
        if self._feed is not None and self._feed.zone.name:
            right.append((f"times in {self._feed.zone.name}", Tone.WARNING))
        return left, right

    def _show_chosen(self) -> None:
        chosen = self._chosen
        self.query_one("#request-detail", Words).say(_detail(chosen) if chosen else None)

    def on_live_table_moved(self, event: LiveTable.Moved) -> None:
        """Tell of the request under the cursor."""
        self._show_chosen()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter or a click on a request."""
        self.action_lines()

    def action_order(self) -> None:
        """The slowest or the newest first."""
        self.newest = not self.newest
        self._show_from_top()

    def action_failed(self) -> None:
        """The failed ones alone, or all."""
        self.only_failed = not self.only_failed
        self._show_from_top()

    def action_model(self) -> None:
        """The selected version alone, or all."""
        if self._selected is None:
            self.note(Note("no model is selected in the monitor"), bad=False)
            return
        self.only_model = not self.only_model
        self._show_from_top()

    def _show_from_top(self) -> None:
        self._show()
        if self._rows:
            self.query_one(LiveTable).go_to(next(iter(self._rows)))

    def action_lines(self) -> None:
        """Show the lines of the log while this request was answered."""
        chosen = self._chosen
        if chosen is None or self._feed is None:
            return
        if chosen.worker:
            filter_ = LogFilter(chosen.model, chosen.version, chosen.worker, routine=True)
        else:
            filter_ = LogFilter()
        began = self._feed.zone.moment(chosen.began)
        file = TS_LOG if self._feed.has_workers else ACCESS_LOG
        self.go_above(Logs(self._shelf, LogStart(filter_, began, file)))

    def action_moment(self) -> None:
        """Show the moment of this request in the monitor."""
        chosen = self._chosen
        if chosen is not None and self._feed is not None:
            self.dismiss(self._feed.zone.moment(chosen.time))

    def action_copy(self) -> None:
        """Copy what is known of it."""
        chosen = self._chosen
        if chosen is not None:
            self.copy(_detail(chosen).plain)


def _is_of(request: SeenRequest, key: ModelKey | None) -> bool:
    """Whether it went to this version; one that reached no worker went to the model."""
    return key is None or (request.model == key.name and request.version in (key.version, ""))


def _row(request: SeenRequest) -> Row:
    tone = Tone.BAD if request.failed else Tone.PLAIN
    worker = request.worker or ABSENT
    return Row(
        str(request.number),
        (
            Cell(f"{request.time:%H:%M:%S}.{request.time.microsecond // 1000:03}", Tone.MUTED),
            Cell(f"{'✗' if request.failed else '✓'} {request.status}", tone),
            Cell(milliseconds(request.total_ms), tone),
            Cell(milliseconds(request.queue_ms)),
            Cell(milliseconds(request.backend_ms)),
            Cell(milliseconds(request.handler_ms)),
            Cell(worker, Tone.MUTED),
            Cell(f"{request.model} {request.version}".rstrip()),
            Cell(request.peer, Tone.MUTED),
        ),
    )


def _detail(request: SeenRequest) -> Content:
    """What is known of a request, and where its time went."""
    end = f"{request.time:%Y-%m-%d %H:%M:%S}"
    spans: list[Span] = [
        (f"{request.method} {request.path}", Tone.PLAIN),
        (f"  status {request.status}", Tone.BAD if request.failed else Tone.GOOD),
        (f"  answered {end}  from {request.peer}", Tone.MUTED),
        (f"\ntotal {milliseconds(request.total_ms)}", Tone.PLAIN),
    ]
    if request.queue_ms is None or request.backend_ms is None:
        spans.append(("  no line tells how much of it was queue and backend", Tone.MUTED))
        return line(*spans)
    rest = max(request.total_ms - request.queue_ms - request.backend_ms, 0.0)
    spans.append((f" = queue {milliseconds(request.queue_ms)}", Tone.PLAIN))
    spans.append((f" + backend {milliseconds(request.backend_ms)}", Tone.PLAIN))
    if request.handler_ms is not None:
        spans.append((f" (handler {milliseconds(request.handler_ms)})", Tone.MUTED))
    spans.append((f" + rest {milliseconds(rest)}", Tone.PLAIN))
    return line(*spans)
