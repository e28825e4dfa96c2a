"""A text that costs nothing while it stays the same."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


class Words(Static):
    """Draws only what changed, and lays the screen out again only if its height may have."""

    _said: Content | None = None

    def say(self, content: Content | None) -> None:
        """Show a text; with None the widget leaves its place."""
        self.display = content is not None
        if content is None or self._is_said(content):
            return
        self._said = content
        self.update(content, layout=self.styles.is_auto_height)

    def _is_said(self, content: Content) -> bool:
        said = self._said  # `Content` compares by its letters alone, not by their colours
        return said is not None and said.plain == content.plain and said.spans == content.spans
