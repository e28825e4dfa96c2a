"""The log files: followed, searched, filtered, their tracebacks folded."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Input

from tsmon.telemetry.logbook.book import LogBook
from tsmon.telemetry.logbook.feed import LogFeed
from tsmon.telemetry.logbook.line import Level, LogLine
from tsmon.telemetry.logbook.view import LogFilter, LogView
from tsmon.telemetry.logs.files import TS_LOG
from tsmon.tui import keymap
from tsmon.tui.equivalents import without_secrets
from tsmon.tui.format import count, plural
from tsmon.tui.log_shelf import FILES, Feed, LogShelf, why_no_logs
from tsmon.tui.notes import Note
from tsmon.tui.screens.full_page import Page
from tsmon.tui.screens.pick import Pick
from tsmon.tui.screens.whole_text import WholeText
from tsmon.tui.tones import Span, Tone
from tsmon.tui.widgets.log_lines import LogLines
from tsmon.tui.widgets.words import Words

READ_S = 0.1
"""Seconds between two looks at the file."""
OTHER_FILE = "{logs.file} reads another file"


@dataclass(frozen=True, slots=True)
class LogStart:
    """What the page shows at first."""

    filter: LogFilter = LogFilter()  # noqa: RUF009 (frozen)
    moment: datetime | None = None
    """Without a zone it is this machine's time; None for the end."""
    file: str = TS_LOG


class Logs(Page):
    """One log file of the server; what is written is shown as it comes."""

    KEYS = (*keymap.LOG_KEYS, *keymap.PAGE_SHARED_KEYS)
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(KEYS)
    AUTO_FOCUS = "#log-lines"

    def __init__(self, shelf: LogShelf, start: LogStart = LogStart()) -> None:
        super().__init__(shelf.session)
        self._shelf = shelf
        self._moment = start.moment
        self._file = start.file
        self._view = LogView(LogBook(), start.filter)
        self._feed: Feed | None = None
        self._folder: Path | None = None
        self._read_all = False
        """Whether what was there at first has been read."""

    def body(self) -> ComposeResult:
        """What is missing, the lines, the search."""
        yield Words(id="page-empty")
        yield LogLines(self._view, id="log-lines")
        yield Input(id="log-search", placeholder="search", compact=True)

    def on_mount(self) -> None:
        """Begin to read."""
        self.query_one(Input).display = False
        self.query_one("#page-empty", Words).say(None)
        self.run_worker(self._follow(), group="reading")

    def on_unmount(self) -> None:
        """Let go of the file."""
        if self._feed is not None:
            self._feed.close()

    @property
    def _lines(self) -> LogLines:
        return self.query_one(LogLines)

    # Reading

    async def _follow(self) -> None:
        """Take what the file has, then what comes."""
        while self.is_open:
            if not await self._read():
                await asyncio.sleep(READ_S)

    async def _read(self) -> bool:
        """Take what the file has new, and say whether that was anything.

        The folder may be another one than before.
        """
        folder = self._shelf.folder
        if self._feed is None or folder != self._folder:
            self._open(folder)
        feed = self._feed
        added = await _read(feed) if feed is not None else []
        if feed is not self._feed or not self.is_open:
            return True
        self._lines.take(self._view.book.add(added))
        if not added and not self._read_all:
            self._read_all = True
            if self._moment is not None and feed is not None:
                self._lines.go_to_moment(feed.zone.stamp(self._moment))
        self._say()
        return bool(added) and not self._read_all

    def _open(self, folder: Path | None) -> None:
        if self._feed is not None:
            self._feed.close()
        self._folder = folder
        self._feed = self._shelf.feed(self._file)
        self._view = LogView(LogBook(), self._view.filter)
        self._read_all = self._feed is None
        self._lines.show(self._view)

    def _say(self) -> None:
        """Say what is shown, or why nothing is."""
        words = self._empty()
        self.query_one("#page-empty", Words).say(words)
        self.show_title()

    def _empty(self) -> Content | None:
        if self._view.rows or not self._read_all:
            return None
        problem = self._feed.problem if self._feed is not None else ""
        kept = len(self._view.book.lines)
        if problem:
            return self.why_empty(Note(problem, OTHER_FILE))
        if self._feed is None or (self.session.replays and not kept):
            return self.why_empty(why_no_logs(self.session))
        if kept:
            words = f"none of its {count(kept)} lines is shown"
            return self.why_empty(Note(words, "{logs.clear} shows all, {logs.routine} more"))
        return self.why_empty(Note(f"{self._file} is empty", OTHER_FILE))

    def headline(self) -> tuple[Sequence[Span], Sequence[Span]]:
        """Which lines these are, and how many."""
        view, filter_ = self._view, self._view.filter
        what = "failures in the recording" if self.session.replays else self._file
        left: list[Span] = [("Logs", Tone.ACCENT), (what, Tone.PLAIN)]
        if filter_.model:
            left.append((f"{filter_.model} {filter_.version}".rstrip(), Tone.ACCENT))
        if filter_.worker:
            left.append((f"worker {filter_.worker}", Tone.ACCENT))
        if filter_.level > Level.DEBUG:
            left.append((f"from {filter_.level.word} on", Tone.WARNING))
        right: list[Span] = []
        if view.sought:
            rank = view.rank(self._lines.chosen)
            at = f"{count(rank)} of " if rank else ""
            right.append((f"{at}{plural(len(view.hits), 'hit')}", Tone.ACCENT))
        if self._feed is not None and self._feed.zone.name:
            right.append((f"times in {self._feed.zone.name}", Tone.WARNING))
        follows = self._lines.following
        right.append(("▼ following", Tone.GOOD) if follows else ("‖ stays", Tone.WARNING))
        shown, kept = len(view.rows), len(view.book.lines)
        right.append((f"{count(shown)} of {count(kept)} lines", Tone.MUTED))
        if not filter_.routine:
            right.append(("routine hidden", Tone.MUTED))
        return left, right

    def on_log_lines_moved(self, event: LogLines.Moved) -> None:
        """Say whether it follows, and which hit this is."""
        self.show_title()

    def on_log_lines_opened(self, event: LogLines.Opened) -> None:
        """A second click opens a line."""
        self.action_open_line()

    # Keys

    def action_follow(self) -> None:
        """Stay at the end, or here."""
        self._lines.following = not self._lines.following

    def action_search(self) -> None:
        """Ask for a text."""
        field = self.query_one(Input)
        field.display = True
        field.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Count the hits while one types."""
        self._view.seek(event.value)
        self._lines.refresh()
        self.show_title()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the last hit before the cursor's line, or on it."""
        self._close_search()
        chosen = self._lines.chosen
        if event.value and not self._view.rank(chosen):
            self.action_hit(-1)

    def _close_search(self) -> None:
        self.query_one(Input).display = False
        self._lines.focus()

    def action_hit(self, direction: int) -> None:
        """Go to the next hit, or to the one before."""
        if not self._view.sought:
            self.note(Note("nothing is looked for yet", "{logs.search} asks for a text"), bad=False)
            return
        hit = self._view.next_hit(self._lines.chosen, direction)
        if hit is None:
            self.note(Note(f"no line shown has {self._view.sought!r}"), bad=False)
            return
        self._lines.go_to_line(hit)
        self.show_title()

    def action_level(self) -> None:
        """Show graver lines alone, or all again."""
        level = Level((self._view.filter.level + 1) % len(Level))
        self._narrow(replace(self._view.filter, level=level))

    def action_routine(self) -> None:
        """Show or hide what comes with every request."""
        self._narrow(replace(self._view.filter, routine=not self._view.filter.routine))

    def action_clear(self) -> None:
        """Show all models, workers and levels."""
        self._narrow(LogFilter(routine=self._view.filter.routine))

    def action_worker(self) -> None:
        """Choose whose lines to show."""
        self.do(self._choose_worker())

    async def _choose_worker(self) -> None:
        now = self._view.filter
        workers = sorted(self._view.book.workers.values(), key=lambda each: int(each.worker_id))
        choices = [("all", replace(now, model="", version="", worker=""))]
        for name, version in sorted({(each.model, each.version) for each in workers}):
            only = replace(now, model=name, version=version, worker="")
            choices.append((f"{name} {version}", only))
        for each in workers:
            only = replace(now, model=each.model, version=each.version, worker=each.worker_id)
            choices.append((f"  worker {each.worker_id} of {each.model} {each.version}", only))
        picked = await self.app.push_screen_wait(Pick("Whose lines", choices, now))
        if picked is not None:
            self._narrow(picked.choice)

    def _narrow(self, filter_: LogFilter) -> None:
        chosen = self._lines.chosen
        self._view.narrow(filter_)
        self._lines.changed(chosen)
        self._say()

    def action_file(self) -> None:
        """Choose the file to read."""
        if self.session.replays:
            self.note(why_no_logs(self.session), bad=False)
        else:
            self.do(self._choose_file())

    async def _choose_file(self) -> None:
        folder = self._folder
        choices = [
            (
                f"{name:17} {what}{'' if folder and (folder / name).exists() else ' (not there)'}",
                name,
            )
            for name, what in FILES.items()
        ]
        picked = await self.app.push_screen_wait(Pick("Log file", choices, self._file))
        if picked is not None:
            self._file, self._moment = picked.choice, None
            self._open(self._folder)

    def action_open_line(self) -> None:
        """Unfold or fold a traceback, or show a long line."""
        chosen = self._lines.chosen
        if chosen is None:
            return
        if self._view.toggle(chosen):
            self._lines.following = False
            self._lines.changed(chosen)
            self.show_title()
        else:
            shown = Content(chosen.raw.expandtabs(4))
            copied = without_secrets(chosen.raw, self.session.keys)
            self.app.push_screen(WholeText(f"{self._file} line", shown, copied))

    def action_fold_all(self) -> None:
        """Unfold or fold all tracebacks."""
        chosen = self._lines.chosen
        self._view.toggle_all()
        self._lines.changed(chosen)
        self.show_title()

    def action_copy(self) -> None:
        """Copy the line; with it what is folded below it."""
        chosen = self._lines.chosen
        if chosen is not None:
            self.copy("\n".join(each.raw for each in _with_folded(chosen)))

    def action_moment(self) -> None:
        """Show this line's moment in the monitor."""
        chosen = self._lines.chosen
        time = chosen.time if chosen else None
        if time is None or self._feed is None:
            self.note(Note("this line has no time of its own"), bad=False)
        else:
            self.dismiss(self._feed.zone.moment(time))

    def action_back(self) -> None:
        """Leave the search, or else the page."""
        if self.query_one(Input).display:
            self._close_search()
        elif self._view.sought:
            self.query_one(Input).value = ""
        else:
            super().action_back()


async def _read(feed: Feed) -> list[LogLine]:
    """What a feed has new; a file is read by a thread, the monitor's own past is not."""
    return await asyncio.to_thread(feed.read) if isinstance(feed, LogFeed) else feed.read()


def _with_folded(chosen: LogLine) -> list[LogLine]:
    fold = chosen.fold
    folded = fold is not None and chosen.is_head and not fold.opened
    return [chosen, *fold.members] if fold is not None and folded else [chosen]
