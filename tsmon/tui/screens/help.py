"""The help page: the table of keys, by group."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tsmon.tui import keymap
from tsmon.tui.keymap import ALL_KEYS, Group

LEGEND = (
    "★ the default version    ● ready   ◌ starting   ✗ retrying or gone   ○ no workers\n"
    "– a number that cannot be known; the metrics pane says why\n"
    "n the requests that a number rests on    start  since the server started"
)


class Help(ModalScreen[None]):
    """All keys, in the words of the table they come from."""

    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(keymap.DIALOG_KEYS)

    def __init__(self, *, read_only: bool) -> None:
        super().__init__()
        self._read_only = read_only

    def compose(self) -> ComposeResult:
        """The page."""
        with VerticalScroll(id="page") as box:
            box.border_title = "Help"
            box.border_subtitle = "esc closes"
            yield Static(self._page())

    def _page(self) -> Content:
        parts: list[Content] = []
        for group in Group:
            parts.append(Content.styled(f"{group}\n", "bold $text-primary"))
            for key in (key for key in ALL_KEYS if key.group is group):
                refused = " (not in a read-only session)" if self._read_only and key.changes else ""
                parts.append(
                    Content.assemble(
                        (f"  {key.shown:<8}", "bold"), f"{key.help}",
                        (refused, "$text-warning"), "\n",
                    )
                )  # fmt: skip
            parts.append(Content("\n"))
        return Content("").join([*parts, Content.styled(LEGEND, "$foreground-muted")])

    def action_cancel(self) -> None:
        """Close it."""
        self.dismiss(None)
