"""The names of the panes, where the screen is too small for all of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.content import Content

from tsmon.tui.widgets.words import Words

if TYPE_CHECKING:
    from tsmon.tui.keymap import PaneName


class TabLine(Words):
    """One line; the pane that is shown stands out, each can be clicked."""

    def show(self, panes: Iterable[PaneName], current: PaneName) -> None:
        """Name the panes there are, and mark one."""
        parts = [Content(" ")]
        for name in panes:
            style = "$text-primary bold reverse" if name is current else "$foreground-muted"
            action = f"@click=screen.do('view.{name}')"
            parts += [Content.styled(f" {name.title} ", f"{style} {action}"), Content(" ")]
        self.say(Content("").join(parts))
