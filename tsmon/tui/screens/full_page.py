"""What all pages above the monitor have in common, which goes on watching below."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from tsmon.telemetry.events import Event
from tsmon.tui import keymap
from tsmon.tui.keymap import Key, PaneName
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.screens.above import Above, Result
from tsmon.tui.screens.help import Help
from tsmon.tui.screens.prompts import Talk
from tsmon.tui.text.notes import Note
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.widgets.key_bar import KeyBar
from tsmon.tui.widgets.words import Words
from tsmon.untrusted.secrets import masked

if TYPE_CHECKING:
    from tsmon.tui.state.session import Session

Moment = Event | datetime
"""What the monitor is to show next: the moment of an event, or a time of the wall clock."""


class FullPage(Above[Result]):
    """A screen of its own: keys, help, notes and actions beside it."""

    KEYS: ClassVar[tuple[Key, ...]]
    """Its keys, the most important first."""
    PANE: ClassVar[PaneName] = PaneName.MODELS
    """The pane whose numbers its help explains."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.talk = Talk(self)

    @property
    def footer_keys(self) -> list[Key]:
        """Its own keys; how to get help is in every footer."""
        shared = (*keymap.SHARED_KEYS, *keymap.PAGE_SHARED_KEYS)
        return [key for key in self.KEYS if key not in shared and not key.is_many]

    @property
    def is_open(self) -> bool:
        """Whether there is anything left to draw on; asked after every wait."""
        return self.is_attached and self.display

    def copy(self, text: str) -> None:
        """Hand a text without its secrets to the terminal's clipboard, which works over SSH too."""
        self.talk.copy(masked(text))
        self.talk.note(Note("copied, if your terminal allows it (OSC 52)"), bad=False)

    def action_help(self) -> None:
        """Show the keys, those of this screen first."""
        read_only = self.session.read_only
        self.app.push_screen(Help(read_only=read_only, pane=self.PANE, first=self.KEYS[0].group))


class Page(FullPage[Moment | None]):
    """A line that says what is shown, the body, the keys; gives the moment to look at next."""

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(keymap.PAGE_SHARED_KEYS)

    @property
    def footer_keys(self) -> list[Key]:
        """The way back, then its own keys."""
        return [*keymap.PAGE_KEYS, *super().footer_keys]

    def body(self) -> ComposeResult:
        """What is between the first line and the keys."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """The parts, from top to bottom."""
        yield Words(id="page-title")
        yield from self.body()
        yield KeyBar(id="keys")

    def on_resize(self, event: events.Resize) -> None:
        """As many keys as fit."""
        self.query_one(KeyBar).show(self.footer_keys)
        self.show_title()

    def headline(self) -> tuple[Sequence[Span], Sequence[Span]]:
        """The parts of the first line at the left and at the right, the most important first."""
        raise NotImplementedError

    def show_title(self) -> None:
        """Say what is shown now."""
        left, right = self.headline()
        self.query_one("#page-title", Words).say(line(*title_line(left, right, self.size.width)))

    def why_empty(self, note: Note) -> Content:
        """What stands where there is nothing to show."""
        spans: list[Span] = [(note.message, Tone.WARNING)]
        if note.hint:
            spans.append((f"\n→ {keys_of(self).expand(note.hint)}", Tone.PLAIN))
        return line(*spans)

    def go_above(self, page: Page) -> None:
        """Open a page above this one; a moment chosen there is this page's result too."""
        self.talk.do(self._go_above(page))

    async def _go_above(self, page: Page) -> None:
        if self.app.screen is not self:  # the key was pressed twice
            return
        moment = await self.app.push_screen_wait(page)
        if moment is not None:
            self.dismiss(moment)

    def action_back(self) -> None:
        """Go back without a result."""
        self.dismiss(None)


def title_line(left: Sequence[Span], right: Sequence[Span], width: int) -> list[Span]:
    """One line of that width; parts that do not fit are left out, the last first."""
    kept, others = list(left), list(right)

    def used() -> int:
        return 2 + sum(len(text) + 2 for text, _ in (*kept, *others))

    while used() > width and len(others) > 1:
        others.pop()
    while used() > width and len(kept) > 1:
        kept.pop()
    spans: list[Span] = [(" ", Tone.PLAIN)]
    for text, tone in kept:
        spans += [(text, tone), ("  ", Tone.PLAIN)]
    spans.append((" " * max(width - used(), 0), Tone.PLAIN))
    for text, tone in others:
        spans += [("  ", Tone.PLAIN), (text, tone)]
    return spans
