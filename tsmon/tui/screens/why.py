"""Why something is not well, all on one page, and a key that may fix it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from tsmon.logs.files import TS_LOG
from tsmon.telemetry.log_page.deciding import deciding_lines
from tsmon.telemetry.log_page.view import LogFilter
from tsmon.tui import keymap
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.screens.full_page import Page
from tsmon.tui.screens.logs import Logs, LogStart
from tsmon.tui.screens.requests import Requests
from tsmon.tui.state.log_follower import LogFollower
from tsmon.tui.state.log_sources import why_no_logs
from tsmon.tui.state.troubles import Trouble, fixes, server_notices
from tsmon.tui.text.model_state import old_words, state_of
from tsmon.tui.text.notes import Note
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.text.why import (
    Section,
    event_section,
    log_section,
    model_sections,
    server_sections,
    traceback_section,
)
from tsmon.tui.widgets.key_bar import KeyBar
from tsmon.tui.widgets.motion import ScrollableText

if TYPE_CHECKING:
    from tsmon.telemetry.log_page.lines import LogLine
    from tsmon.telemetry.snapshot import ModelStatus, Snapshot
    from tsmon.tui.keymap import Key
    from tsmon.tui.state.log_sources import LogSources

EVENTS_SHOWN = 5
EVENTS_S = 3600.0
"""Seconds before the moment in which they happened."""
_FIX_WORDS = {
    "workers.more": "adds a worker",
    "workers.restart": "restarts its workers",
    "model.replace": "replaces it with a repaired archive",
    "model.unregister": "unregisters it",
    "model.register": "registers it again",
    "server.start": "starts a server on this machine",
    "server.renew-tokens": "makes the server issue new tokens",
    "server.key-file": "reads another key file",
    "server.doctor": "checks the server and this machine",
}
NO_LINES = "no line of the log's end is of that moment; {why.logs} opens and searches it"
NOTHING_WRONG = "Nothing needs attention: no model, worker or request fails."


class WhyStart(Struct, frozen=True):
    """What the page is about."""

    snapshot: Snapshot
    troubles: Sequence[Trouble]
    """All there are to turn to, none where all is well."""
    first: int = 0


class Fixing(Struct, frozen=True):
    """What the monitor does for the page."""

    offers: Callable[[str], bool]
    """Whether an action can be done now."""
    do: Callable[[Trouble, str], None]
    """Do it for what the page is about."""


NO_FIXES = Fixing(lambda _: False, lambda _trouble, _id: None)


class Why(Page):
    """Verdict, cause, what to do, evidence, workers, events, traceback and log lines."""

    KEYS = (*keymap.WHY_KEYS, *keymap.WHY_FIX_KEYS, *keymap.PAGE_SHARED_KEYS)
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(KEYS)
    AUTO_FOCUS = "#why"

    def __init__(self, sources: LogSources, start: WhyStart, fixing: Fixing) -> None:
        super().__init__(sources.session)
        self._sources = sources
        self._snapshot = start.snapshot
        self._troubles = start.troubles
        self._at = start.first
        self._fixing = fixing
        self._opened = False
        self._log: Section | None = None
        self._lines: list[LogLine] = []

    def body(self) -> ComposeResult:
        """The text, which may be longer than the screen."""
        with ScrollableText(id="why"):
            yield Static(id="why-text")

    def on_mount(self) -> None:
        """Show what is known, then read the log."""
        self._turned()

    # What it is about

    @property
    def _trouble(self) -> Trouble | None:
        return self._troubles[self._at] if self._troubles else None

    @property
    def _model(self) -> ModelStatus | None:
        trouble = self._trouble
        return self._snapshot.model(trouble.key) if trouble and trouble.key else None

    @property
    def _moment(self) -> datetime | None:
        """When it failed, this machine's time without a zone; None while it goes on."""
        trouble, model = self._trouble, self._model
        if trouble and trouble.event:
            return trouble.event.at.wall.astimezone().replace(tzinfo=None)
        return model.cause.time if model and model.cause and model.cause.fatal else None

    @property
    def _filter(self) -> LogFilter:
        trouble, model = self._trouble, self._model
        if trouble is None or trouble.key is None:
            return LogFilter()
        worker = trouble.worker
        if not worker and model and model.cause and model.cause.fatal:
            worker = model.cause.worker_id
        return LogFilter(trouble.key.name, trouble.key.version, worker)

    @property
    def _fixes(self) -> list[str]:
        trouble = self._trouble
        found = fixes(self._snapshot, trouble) if trouble and self.session.can_act else ()
        return [id_ for id_ in found if self._fixing.offers(id_)]

    def _turned(self) -> None:
        self._log, self._lines = None, []
        self.query_one("#why").scroll_home(animate=False)
        self._show()
        self.show_title()
        self.query_one(KeyBar).show(self.footer_keys)
        if self._trouble is not None:
            self.run_worker(self._read_log(), group="reading", exclusive=True)

    # What is shown

    def headline(self) -> tuple[Sequence[Span], Sequence[Span]]:
        """What it is about, and which of how many."""
        left: list[Span] = [("Why?", Tone.ACCENT)]
        trouble, model = self._trouble, self._model
        if trouble is None:
            return left, []
        if trouble.key is None or model is None:
            left.append((str(trouble.key or self._snapshot.server.label), Tone.PLAIN))
        else:
            glyph, word, tone = state_of(model)
            worker = f" worker {trouble.worker}" if trouble.worker else ""
            left += [(f"{model.key}{worker}", Tone.PLAIN), (f"{glyph} {word}", tone)]
        at = f"{self._snapshot.at.wall.astimezone():%H:%M:%S}"
        number = f"{self._at + 1} of {len(self._troubles)}" if len(self._troubles) > 1 else ""
        return left, [(number, Tone.PLAIN), (at, Tone.MUTED)]

    @property
    def footer_keys(self) -> list[Key]:
        """Those that have something to act on."""
        hidden = set(keymap.WHY_FIX_KEYS) - {keymap.BY_ID[id_] for id_ in self._fixes}
        keys = [key for key in super().footer_keys if key not in hidden]
        return [key for key in keys if self._has_use_for(key.id)]

    def _has_use_for(self, id_: str) -> bool:
        if id_ == "why.fix":
            return bool(self._fixes)
        return id_ not in ("why.next", "why.previous") or len(self._troubles) > 1

    def _sections(self) -> Iterator[Section]:
        trouble, model = self._trouble, self._model
        if trouble is None:
            yield "", [(NOTHING_WRONG, Tone.GOOD)]
            return
        if trouble.event is not None:
            event = trouble.event
            yield "", [(f"{event.at.wall.astimezone():%H:%M:%S} {event.kind}  ", Tone.BAD)]
            yield "", [(event.text, Tone.PLAIN)]
        if trouble.key is None:
            yield from server_sections(self._snapshot, server_notices(self._snapshot))
            yield from self._what_to_do()
            return
        if model is None:
            yield "", [(f"{trouble.key} is not registered at that moment", Tone.MUTED)]
            return
        about = list(
            model_sections(self._snapshot, model, trouble.worker, old_words(self._snapshot))
        )
        causes = 2 if model.cause is not None else 1
        yield from about[:causes]
        yield from self._what_to_do()
        yield from about[causes:]
        events = self.session.monitor.events.about(model.key, EVENTS_S, self._snapshot.at)
        if events:
            yield event_section(events[-EVENTS_SHOWN:])
        unfold = keys_of(self).by_id("why.unfold").shown
        yield from traceback_section(model.cause, unfold, opened=self._opened)
        yield self._log or ("Log", [("◌ reading the log …", Tone.WARNING)])

    def _what_to_do(self) -> Iterator[Section]:
        keys = keys_of(self)
        spans: list[Span] = []
        for number, id_ in enumerate(self._fixes):
            first = f" ({keys.by_id('why.fix').shown})" if number == 0 else ""
            shown = keys.by_id(id_).shown
            spans += [
                ("\n" if spans else "", Tone.PLAIN),
                (f"{shown}{first}", Tone.ACCENT),
                (f"  {_FIX_WORDS[id_]}", Tone.PLAIN),
            ]
        if spans:
            yield "Fixes", spans
        elif not self.session.can_act:
            words = f"this is a {self.session.word}: nothing can be changed here"
            yield "Fixes", [(words, Tone.MUTED)]
        elif self.session.read_only:
            yield "Fixes", [("read-only: nothing can be changed here", Tone.MUTED)]

    def _text(self) -> list[Span]:
        spans: list[Span] = []
        for heading, below in self._sections():
            if spans:
                spans.append(("\n\n" if heading else "\n", Tone.PLAIN))
            if heading:
                spans.append((f"{heading}\n", Tone.ACCENT))
            spans += below
        return spans

    def _show(self) -> None:
        self.query_one("#why-text", Static).update(line(*self._text()))

    # The log

    async def _read_log(self) -> None:
        follower = LogFollower(self._sources, TS_LOG, self._filter)
        try:
            view, added = await follower.read()
            while added and self.is_open:
                view.update(added)
                view, added = await follower.read()
            while self.is_open and not self._decide(follower) and await follower.search_back():
                self._log = ("Log", [(f"◌ {follower.searching}", Tone.WARNING)])
                self._show()
            nothing = self.session.replays and not self._decide(follower)
            if not follower.has_source or follower.problem or nothing:
                note = why_no_logs(self.session)
                message = follower.problem or note.message
                self._log = ("Log", [(message, Tone.MUTED), (f"\n→ {note.hint}", Tone.MUTED)])
            else:
                self._decide(follower)
                self._log = ("Log", [(keys_of(self).expand(NO_LINES), Tone.MUTED)])
                self._fold()
        finally:
            follower.close()
        if self.is_open:
            self._show()

    def _decide(self, follower: LogFollower) -> bool:
        """Choose the lines that decide; whether there are any."""
        moment = self._moment
        if moment is not None:
            moment = follower.zone.stamp(moment)
        self._lines = deciding_lines(follower.view.rows, moment)
        return bool(self._lines)

    def _fold(self) -> None:
        if self._lines:
            self._log = log_section(self._lines, opened=self._opened)

    # Keys

    def action_unfold(self) -> None:
        """Show tracebacks whole, or fold them."""
        self._opened = not self._opened
        self._fold()
        self._show()

    def action_turn(self, by: int) -> None:
        """Go to the next problem, or the one before."""
        if len(self._troubles) > 1:
            self._at = (self._at + by) % len(self._troubles)
            self._turned()

    def action_fix(self) -> None:
        """Do the first fix."""
        if self._fixes:
            self.action_do(self._fixes[0])

    def action_do(self, id_: str) -> None:
        """Close the page and do one of the fixes in the monitor."""
        trouble = self._trouble
        if trouble is not None and id_ in self._fixes and not self.was_left:
            self.dismiss(None)
            self._fixing.do(trouble, id_)

    def action_logs(self) -> None:
        """Open the log where it happened."""
        self.go_above(Logs(self._sources, LogStart(self._filter, self._moment)))

    def action_requests(self) -> None:
        """Show the failed requests of the model."""
        trouble = self._trouble
        page = Requests(self._sources, trouble.key if trouble else None, failed=True)
        self.go_above(page)

    def action_moment(self) -> None:
        """Show the moment of the failure in the monitor."""
        moment = self._moment
        if moment is None:
            self.talk.note(Note("no moment is known at which it failed"), bad=False)
        else:
            self.dismiss(moment.astimezone())

    def action_copy(self) -> None:
        """Copy all of it as text."""
        self.copy("".join(text for text, _ in self._text()))
