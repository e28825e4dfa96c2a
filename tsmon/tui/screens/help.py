"""The help: a page with the keys, and one that explains the numbers of a pane."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.reactive import var
from textual.widgets import Input, Static

from tsmon.tui import keymap
from tsmon.tui.keymap import Group, Key, PaneName
from tsmon.tui.keymap.active import keys_in_focus, keys_of
from tsmon.tui.screens.above import AboveInPart
from tsmon.tui.text.glossary import format_page
from tsmon.tui.text.tones import Tone, rich_style
from tsmon.tui.widgets.motion import ScrollableText

LEGEND = (
    ("★", "The default version: it serves requests that name no version."),
    ("●", "Ready."),
    ("◌", "Starting, or being waited for."),
    ("○", "No workers."),
    ("✗", "Failed, wrong, retrying or gone."),
    ("◆", "Marked; * in ASCII mode."),
    ("▲ ▼", "The sort column: smallest or largest first; ^ v in ASCII mode."),
    ("–", "The number is not known; the metrics pane says why."),
    ("n", "How many requests a number is based on."),
    ("p95", "The 95th percentile of the last minute's requests; from the log files."),
)
KEY_WIDTH = 7

HelpSection = tuple[str, list[tuple[str, str]]]
"""A heading, and the rows below it: a key or sign, and what is said of it."""


class Help(AboveInPart[None]):
    """All keys, in the words of the table they come from; all numbers, in those of their page."""

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(
        (*keymap.DIALOG_KEYS, *keymap.HELP_KEYS)
    )

    on_numbers = var(False, init=False)
    """Whether the page of the numbers is open, and not that of the keys."""

    def __init__(
        self,
        *,
        read_only: bool,
        pane: PaneName,
        chosen: str = "",
        first: Group = Group.MODELS,
        footer: Sequence[Key] = (),
    ) -> None:
        """For a pane; with `chosen`, one of its numbers, that number is explained first.

        The keys of `footer` and of the widgets in focus lead; the group `first` follows them.
        """
        super().__init__()
        self._first = first
        self._read_only = read_only
        self._pane = pane
        self._chosen = chosen
        self._here = list(footer)

    def compose(self) -> ComposeResult:
        """Both pages, of which one is shown, and what they are searched by."""
        with ScrollableText(id="page"):
            yield Static(id="help-keys")
            yield Static(format_page(self._pane, self._chosen), id="help-numbers")
            yield Input(placeholder="search for", id="help-search", compact=True)

    def on_mount(self) -> None:
        """Open the page that was asked for."""
        below = self.app.screen_stack[-2]
        self._here = list(dict.fromkeys((*self._here, *keys_in_focus(below))))
        self._search.display = False
        self._fill()
        self.on_numbers = bool(self._chosen)
        self.watch_on_numbers()

    def watch_on_numbers(self) -> None:
        """Show one page, from its beginning."""
        self.query_one("#help-keys").display = not self.on_numbers
        self.query_one("#help-numbers").display = self.on_numbers
        box = self.query_one("#page")
        numbers = f"the numbers of {self._pane.title}"
        box.border_title = f"Help: {numbers if self.on_numbers else 'the keys'}"
        other = "the keys" if self.on_numbers else numbers
        keys = keys_of(self)
        turn, search = keys.by_id("help.turn").shown, keys.by_id("help.search").shown
        box.border_subtitle = Content("  ").join(
            [
                Content.styled(f"{turn}: {other}", "@click=screen.turn"),
                Content.styled(f"{search} search", "@click=screen.search"),
                Content.styled(
                    f"{keys.by_id('dialog.cancel').shown} closes", "@click=screen.cancel"
                ),
            ]
        )
        box.scroll_home(animate=False)

    @property
    def _search(self) -> Input:
        return self.query_one("#help-search", Input)

    def action_turn(self) -> None:
        """Show the other page."""
        self.on_numbers = not self.on_numbers

    def action_search(self) -> None:
        """Ask for words of a key; they are looked for while they are typed."""
        self.on_numbers = False
        self._search.display = True
        self._search.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what has the words."""
        event.stop()
        self._fill()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go on in what was found."""
        event.stop()
        self.query_one("#page").focus()

    def action_cancel(self) -> None:
        """Show everything again; otherwise close it."""
        if not self._search.display:
            self.dismiss(None)
            return
        self._search.display = False
        self._search.value = ""
        self.query_one("#page").focus()

    def _fill(self) -> None:
        """Put the keys that are looked for onto their page."""
        words = self._search.value.casefold().split()
        heading = Style(bold=True) + rich_style(Tone.ACCENT, self.app.theme_variables)
        page = Table.grid(padding=(0, 1))
        page.add_column(width=KEY_WIDTH)
        page.add_column()
        for title, rows in self._sections():
            found = [row for row in rows if _has(words, title, *row)]
            if not found:
                continue
            page.add_row("", Text(title, style=heading))
            for shown, meaning in found:
                page.add_row(Text(shown, style="bold", justify="right"), Text(meaning))
            page.add_row()
        if not page.row_count:
            page.add_row("", Text(f"nothing matches {self._search.value}"))
        self.query_one("#help-keys", Static).update(page)

    def _sections(self) -> Iterator[HelpSection]:
        """What works where one comes from, then everything else by its group."""
        yield "Here", self._rows(self._here)
        here = {key.id for key in self._here}
        for group in (self._first, *(group for group in Group if group is not self._first)):
            keys = (
                key for key in keys_of(self).all_keys if key.group is group and key.id not in here
            )
            yield str(group), self._rows(keys)
        yield "Signs", list(LEGEND)

    def _rows(self, keys: Iterable[Key]) -> list[tuple[str, str]]:
        in_force = keys_of(self)
        return [(in_force.of(key).shown, self._help(key)) for key in keys]

    def _help(self, key: Key) -> str:
        refused = " (not in a read-only session)" if self._read_only and key.changes else ""
        return f"{key.help}{refused}"


def _has(words: list[str], *texts: str) -> bool:
    text = " ".join(texts).casefold()
    return all(word in text for word in words)
