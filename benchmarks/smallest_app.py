"""The smallest Textual app that shows a table; what every other Textual app is measured by."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import DataTable


class SmallestApp(App[None]):
    """One table of eight rows."""

    def compose(self) -> ComposeResult:
        """The table."""
        yield DataTable()

    def on_mount(self) -> None:
        """Fill it."""
        table = self.query_one(DataTable)
        table.add_columns("model", "workers")
        for number in range(8):
            table.add_row(f"model-{number}", "2/2")


if __name__ == "__main__":
    SmallestApp().run()
