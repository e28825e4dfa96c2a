"""A page whose rows can be filtered by what is typed above them."""

from __future__ import annotations

from tsmon.tui.screens.full_page import Page
from tsmon.tui.widgets.filter_bar import FilterBar


class FilteredPage(Page):
    """Its body has a `FilterBar`, and rows that have the focus unless something is typed."""

    def show_filtered(self) -> None:
        """Show the rows that pass, from the first."""
        raise NotImplementedError

    def action_filter(self) -> None:
        """Ask which rows to show."""
        self.query_one(FilterBar).open()

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        """Filter while it is typed."""
        event.stop()
        self.show_filtered()

    def on_filter_bar_left(self, event: FilterBar.Left) -> None:
        """Go on in the rows."""
        event.stop()
        self.query_one(str(self.AUTO_FOCUS)).focus()

    def action_back(self) -> None:
        """Take the filter away, or close the page."""
        if not self.query_one(FilterBar).clear():
            super().action_back()
