"""The log files: followed, searched, filtered, their tracebacks folded."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input

from tsmon.logs.files import TS_LOG
from tsmon.telemetry.log_page.lines import Level, LogLine
from tsmon.telemetry.log_page.view import LogFilter, LogView
from tsmon.tui import keymap
from tsmon.tui.screens.full_page import Page
from tsmon.tui.screens.list_dialog import Pick
from tsmon.tui.screens.log_text import how_many, which_files, which_lines, whose_lines, why_nothing
from tsmon.tui.screens.whole_text import WholeText
from tsmon.tui.state.log_follower import LogFollower
from tsmon.tui.state.log_sources import LogSources, why_no_logs
from tsmon.tui.text.notes import Note
from tsmon.tui.widgets.log_lines import LogLines
from tsmon.tui.widgets.words import Words
from tsmon.untrusted.secrets import masked

if TYPE_CHECKING:
    from tsmon.tui.text.tones import Span

READ_S = 0.1
"""Seconds between two looks at the file."""


class LogStart(Struct, frozen=True):
    """What the page shows at first."""

    filter: LogFilter = LogFilter()
    moment: datetime | None = None
    """Without a zone it is this machine's time; None for the end."""
    file: str = TS_LOG
    stamp: datetime | None = None
    """A moment as the log files have it, in place of the other."""


class Logs(Page):
    """One log file of the server; what is written is shown as it comes."""

    KEYS = (*keymap.LOG_KEYS, *keymap.PAGE_SHARED_KEYS)
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(KEYS)
    AUTO_FOCUS = "#log-lines"

    def __init__(self, sources: LogSources, start: LogStart = LogStart()) -> None:
        super().__init__(sources.session)
        self._moment = start.moment
        self._stamp = start.stamp
        self._follower = LogFollower(sources, start.file, start.filter)

    def body(self) -> ComposeResult:
        """What is missing, the lines, the search."""
        yield Words(id="page-empty")
        yield LogLines(self._follower.view, id="log-lines")
        yield Input(id="log-search", placeholder="search", compact=True)

    def on_mount(self) -> None:
        """Begin to read."""
        self.query_one(Input).display = False
        self.query_one("#page-empty", Words).say(None)
        self.run_worker(self._follow(), group="reading")

    def on_unmount(self) -> None:
        """Let go of the file."""
        self._follower.close()

    @property
    def _lines(self) -> LogLines:
        return self.query_one(LogLines)

    @property
    def _view(self) -> LogView:
        return self._follower.view

    async def _follow(self) -> None:
        """Take what the file has, then what comes."""
        while self.is_open:
            if not await self._read():
                await asyncio.sleep(READ_S)

    async def _read(self) -> bool:
        """Take what the file has new; whether there is more of what it had at first."""
        follower = self._follower
        view, added = await follower.read()
        if not self.is_open or view is not follower.view:  # another file was chosen meanwhile
            return True
        if view is not self._lines.view:
            self._lines.show(view)
        self._lines.take(added)
        if not added and not follower.read_all:
            follower.read_all = True
            if self._moment is not None:
                self._stamp = follower.zone.stamp(self._moment)
            if self._stamp is not None:
                self._lines.go_to_moment(self._stamp)
        goes_on = follower.read_all and not view.rows and await self._search_back()
        self._say()
        return goes_on or (bool(added) and not follower.read_all)

    async def _search_back(self) -> bool:
        """Go a step back for a model that the lines have nothing of; whether that goes on."""
        goes_on = await self._follower.search_back()
        if self.is_open and self._view is not self._lines.view:
            self._lines.show(self._view)
        return goes_on

    def _say(self) -> None:
        """Say what is shown, or why nothing is."""
        nothing = self._follower.read_all and not self._view.rows
        words = self.why_empty(why_nothing(self._follower, self.session)) if nothing else None
        self.query_one("#page-empty", Words).say(words)
        self.show_title()

    def headline(self) -> tuple[Sequence[Span], Sequence[Span]]:
        """Which lines these are, and how many."""
        view, lines = self._view, self._lines
        file = "failures in the recording" if self.session.replays else self._follower.file
        rank = view.rank(lines.chosen)
        return which_lines(view.filter, file), how_many(
            self._follower, rank, following=lines.following
        )

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
        """Go to the last match before the cursor's line, or on it."""
        self._close_search()
        chosen = self._lines.chosen
        if event.value and not self._view.rank(chosen):
            self.action_hit(-1)

    def _close_search(self) -> None:
        self.query_one(Input).display = False
        self._lines.focus()

    def action_hit(self, direction: int) -> None:
        """Go to the next match, or to the one before."""
        if not self._view.sought:
            self.talk.note(Note("no search yet", "{logs.search} starts one"), bad=False)
            return
        hit = self._view.next_hit(self._lines.chosen, direction)
        if hit is None:
            self.talk.note(Note(f"no line shown contains {self._view.sought!r}"), bad=False)
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
        self.talk.do(self._choose_worker())

    async def _choose_worker(self) -> None:
        now = self._view.filter
        choices = whose_lines(self._view.buffer.workers.values(), now)
        picked = await self.app.push_screen_wait(Pick("Show lines of", choices, now))
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
            self.talk.note(why_no_logs(self.session), bad=False)
        else:
            self.talk.do(self._choose_file())

    async def _choose_file(self) -> None:
        choices = which_files(self._follower)
        picked = await self.app.push_screen_wait(Pick("Log file", choices, self._follower.file))
        if picked is not None:
            self._moment = self._stamp = None
            self._follower.choose(picked.choice)
            self._lines.show(self._view)

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
            shown = chosen.raw.expandtabs(4)
            copied = masked(chosen.raw)
            self.app.push_screen(WholeText(f"{self._follower.file} line", shown, copied))

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
        if time is None:
            self.talk.note(Note("this line has no timestamp"), bad=False)
        else:
            self.dismiss(self._follower.zone.moment(time))

    def action_back(self) -> None:
        """Leave the search, or else the page."""
        if self.query_one(Input).display:
            self._close_search()
        elif self._view.sought:
            self.query_one(Input).value = ""
        else:
            super().action_back()


def _with_folded(chosen: LogLine) -> list[LogLine]:
    fold = chosen.fold
    folded = fold is not None and chosen.is_head and not fold.opened
    return [chosen, *fold.members] if fold is not None and folded else [chosen]
