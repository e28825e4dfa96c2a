"""The help page: the table of keys, by group."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tsmon.tui import keymap
from tsmon.tui.keymap import ALL_KEYS, Group, Key
from tsmon.tui.tones import Tone, rich_style

LEGEND = (
    ("★", "The default version: requests that name none go to it."),
    ("●", "Ready."),
    ("◌", "Starting, or waited for."),
    ("○", "No workers."),
    ("✗", "Failed, wrong, retrying or gone."),
    ("–", "A number that cannot be known; the metrics pane says why."),
    ("n", "How many requests a number rests on."),
    ("p95", "95 of 100 requests of the last minute took no longer; from the log files."),
)
KEY_WIDTH = 7


class Help(ModalScreen[None]):
    """All keys, in the words of the table they come from."""

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(keymap.DIALOG_KEYS)

    def __init__(self, *, read_only: bool, first: Group = Group.MODELS) -> None:
        """`first` is the group that the page begins with."""
        super().__init__()
        self._first = first
        self._read_only = read_only

    def compose(self) -> ComposeResult:
        """The page."""
        with VerticalScroll(id="page") as box:
            box.border_title = "Help"
            box.border_subtitle = "esc closes"
            yield Static(self._page())

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
