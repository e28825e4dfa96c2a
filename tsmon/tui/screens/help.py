"""The help: a page with all keys, and one that explains the numbers of a pane."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.reactive import var
from textual.screen import ModalScreen
from textual.widgets import Static

from tsmon.tui import keymap
from tsmon.tui.keymap import ALL_KEYS, Group, Key, PaneName
from tsmon.tui.numbers import spell_page
from tsmon.tui.tones import Tone, rich_style

LEGEND = (
    ("★", "The default version: requests that name none go to it."),
    ("●", "Ready."),
    ("◌", "Starting, or waited for."),
    ("○", "No workers."),
    ("✗", "Failed, wrong, retrying or gone."),
    ("◆", "Marked; * where only ASCII is drawn."),
    ("▲ ▼", "The column that the rows are sorted by: smallest or largest first; ^ v in ASCII."),
    ("–", "A number that cannot be known; the metrics pane says why."),
    ("n", "How many requests a number rests on."),
    ("p95", "95 of 100 requests of the last minute took no longer; from the log files."),
)
KEY_WIDTH = 7


class Help(ModalScreen[None]):
    """All keys, in the words of the table they come from; all numbers, in those of their page."""

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(
        (*keymap.DIALOG_KEYS, *keymap.HELP_KEYS)
    )

    on_numbers = var(False, init=False)
    """Whether the page of the numbers is open, and not that of the keys."""

    def __init__(
        self, *, read_only: bool, pane: PaneName, chosen: str = "", first: Group = Group.MODELS
    ) -> None:
        """For a pane; with `chosen`, one of its numbers, that number is explained first.

        `first` is the group that the keys begin with.
        """
        super().__init__()
        self._first = first
        self._read_only = read_only
        self._pane = pane
        self._chosen = chosen

    def compose(self) -> ComposeResult:
        """Both pages, of which one is shown."""
        with VerticalScroll(id="page"):
            yield Static(self._page(), id="help-keys")
            yield Static(spell_page(self._pane, self._chosen), id="help-numbers")

    def on_mount(self) -> None:
        """Open the page that was asked for."""
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
        box.border_subtitle = f"[@click=screen.turn]tab: {other}[/]  esc closes"
        box.scroll_home(animate=False)

    def action_turn(self) -> None:
        """Show the other page."""
        self.on_numbers = not self.on_numbers

    def _page(self) -> Table:
        """A table, so that a long help text goes on below its beginning."""
        heading = Style(bold=True) + rich_style(Tone.ACCENT, self.app.theme_variables)
        page = Table.grid(padding=(0, 1))
        page.add_column(width=KEY_WIDTH)
        page.add_column()
        for group in (self._first, *(group for group in Group if group is not self._first)):
            page.add_row("", Text(group, style=heading))
            for key in (key for key in ALL_KEYS if key.group is group):
                page.add_row(Text(key.shown, style="bold", justify="right"), self._help(key))
            page.add_row()
        page.add_row("", Text("Signs", style=heading))
        for sign, meaning in LEGEND:
            page.add_row(Text(sign, style="bold", justify="right"), meaning)
        return page

    def _help(self, key: Key) -> Text:
        refused = " (not in a read-only session)" if self._read_only and key.changes else ""
        return Text(f"{key.help}{refused}")

    def action_cancel(self) -> None:
        """Close it."""
        self.dismiss(None)
