"""The chosen digit pixel by pixel, and beside it what the model sees of it; or a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content

from tsmon.digits.images import PixelGrid
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.widgets.pixel_view import PixelView
from tsmon.tui.widgets.words import Words

if TYPE_CHECKING:
    from tsmon.tui.text.symbols import Symbols

Sight = PixelGrid | str
"""A picture, or why there is none."""


class Look(Vertical):
    """Two pictures of 28 columns and 14 lines under their titles, and a line about the image."""

    def compose(self) -> ComposeResult:
        """The pictures beside each other."""
        with Horizontal(id="look-pictures"):
            for side in ("file", "seen"):
                with Vertical(classes="look-side"):
                    yield Words(id=f"look-{side}-title", classes="look-title")
                    yield PixelView(id=f"look-{side}")
                    yield Words(id=f"look-{side}-problem", classes="look-problem")
        with VerticalScroll(id="look-text", can_focus=False):
            yield Words(id="look-words")
        yield Words(id="look-facts")

    def on_mount(self) -> None:
        """Begin with pictures."""
        self.show_text(None)

    def show_text(self, text: Content | None) -> None:
        """Show a text in place of the pictures; with None the pictures."""
        self.query_one("#look-text").display = text is not None
        self.query_one("#look-pictures").display = text is None
        self.query_one("#look-words", Words).say(text)

    def show(self, file: Sight | None, seen: Sight | None) -> None:
        """Show both pictures; None leaves a place empty."""
        self._show("file", file)
        self._show("seen", seen)

    def show_titles(self, title: str, seen: str, facts: list[Span]) -> None:
        """Set the titles above the pictures and the line below them."""
        self.query_one("#look-file-title", Words).say(line((title, Tone.MUTED)))
        self.query_one("#look-seen-title", Words).say(line((seen, Tone.MUTED)))
        self.query_one("#look-facts", Words).say(line(*facts))

    def draw_with(self, symbols: Symbols) -> None:
        """Draw with other characters."""
        for view in self.query(PixelView):
            view.symbols = symbols

    def _show(self, side: str, sight: Sight | None) -> None:
        view = self.query_one(f"#look-{side}", PixelView)
        view.grid = sight if isinstance(sight, PixelGrid) else None
        view.display = not isinstance(sight, str)
        problem = line((f"✗ {sight}", Tone.BAD)) if isinstance(sight, str) else None
        self.query_one(f"#look-{side}-problem", Words).say(problem)
