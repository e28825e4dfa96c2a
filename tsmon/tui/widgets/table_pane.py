"""A pane with a table that can be filtered, and sorted by any of its columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic

from textual.content import Content
from textual.message import Message

from tsmon.ordering import Arranger, Item
from tsmon.tui.text.glossary import tip
from tsmon.tui.text.tones import Tone, line
from tsmon.tui.widgets.columns import ARROWS, TableColumn
from tsmon.tui.widgets.filter_bar import FilterBar
from tsmon.tui.widgets.live_table import LiveTable
from tsmon.tui.widgets.pane import Pane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from tsmon.tui.widgets.long_table import LongTable

MANY = 6
"""Rows from which on the foot reports the filter."""


class TablePane(Pane, Generic[Item]):
    """Keeps the filter and the order; who inherits knows what the rows are."""

    class Opened(Message):
        """What is below the row under the cursor is to be seen."""

    def __init__(self, columns: Sequence[TableColumn[Item]]) -> None:
        """At first the rows are sorted by the first column."""
        super().__init__()
        self._columns = tuple(columns)
        self._order = self._columns[0]
        self._descending = self._order.largest_first
        self._items: Sequence[Item] = ()
        self._shown: list[Item] = []
        self._by_name: Arranger[Item] = Arranger()
        self._by_order: Arranger[Item] = Arranger()

    def compose_table(self) -> ComposeResult:
        """The filter, which shows when it is asked for, and the table."""
        yield FilterBar(id=f"{self.NAME}-filter")
        yield LiveTable(self._columns, id=f"{self.NAME}-table")

    def on_mount(self) -> None:
        """Explain the columns to the mouse."""
        self.table.explain = lambda column: tip(self.NAME, column.label)
        self._show_order()

    @property
    def table(self) -> LiveTable:
        """The table with the rows."""
        return self.query_one(LiveTable)

    @property
    def filter_bar(self) -> FilterBar:
        """The filter that is on."""
        return self.query_one(FilterBar)

    def take_focus(self) -> None:
        """Put the focus on the rows."""
        self.screen.set_focus(self.table)

    def words_of(self, item: Item) -> str:
        """What the filter looks at."""
        raise NotImplementedError

    def render_rows(self) -> None:
        """Show the items again, with another filter or in another order."""
        raise NotImplementedError

    def pick_rows(self, items: Sequence[Item]) -> list[Item]:
        """The items that pass the filter, in the order chosen."""
        chosen, self._items = self.filter_bar.filter, items
        if chosen:
            items = [item for item in items if chosen.passes(self.words_of(item))]
        # Rows of one value, or of none, are in the order of the first column.
        even = self._by_name.arrange(items, self._columns[0].value)
        self._shown = self._by_order.arrange(even, self._order.value, descending=self._descending)
        return self._shown

    def on_long_table_opened(self, event: LongTable.Opened) -> None:
        """Enter, or a click on the row that is selected already."""
        event.stop()
        self.post_message(self.Opened())

    # Filter

    def open_filter(self) -> None:
        """Ask which rows to show."""
        self.filter_bar.open()

    def filter_by(self, text: str) -> None:
        """Show only the rows that pass a filter; without a text, all.

        Raises:
            InvalidArgument: it is no filter.
        """
        self.filter_bar.put(text)

    def clear_filter(self) -> bool:
        """Show all rows again; whether there was a filter."""
        return self.filter_bar.clear()

    def action_open_filter(self) -> None:
        """The mouse asks for the filter."""
        self.take_focus()
        self.open_filter()

    def action_clear_filter(self) -> None:
        """The mouse takes the filter away."""
        self.take_focus()
        self.clear_filter()

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        """Filter while it is typed."""
        event.stop()
        self.render_rows()

    def on_filter_bar_left(self, event: FilterBar.Left) -> None:
        """Go on in the rows."""
        event.stop()
        self.screen.set_focus(self.table)

    # Order

    def sort_by_next(self) -> None:
        """Sort by the next column that is shown, after the last one by the first."""
        shown = [column for column in self._sortable if self.table.shows(column)]
        at = shown.index(self._order) if self._order in shown else -1
        self._sort_by(shown[(at + 1) % len(shown)])

    def reverse_order(self) -> None:
        """Sort by the same column the other way round."""
        self._descending = not self._descending
        self._show_order()

    def on_long_table_title_clicked(self, event: LongTable.TitleClicked) -> None:
        """Sort by a column whose title is clicked; the one it is sorted by, the other way round."""
        event.stop()
        clicked = next((each for each in self._sortable if each is event.column), None)
        if clicked is None:
            return
        if clicked is self._order:
            self.reverse_order()
        else:
            self._sort_by(clicked)

    @property
    def column_names(self) -> list[str]:
        """What the rows can be sorted by."""
        return [column.label.lower() for column in self._sortable]

    @property
    def _sortable(self) -> list[TableColumn[Item]]:
        return [column for column in self._columns if not column.drawing]

    def sort_by(self, name: str) -> None:
        """Sort by one of the `column_names`."""
        self._sort_by(self._sortable[self.column_names.index(name)])

    def _sort_by(self, column: TableColumn[Item]) -> None:
        self._order, self._descending = column, column.largest_first
        self._show_order()

    def _show_order(self) -> None:
        self.table.show_order(self._order, descending=self._descending)
        self.render_rows()

    # Foot

    def show_foot(self, *notes: Content) -> None:
        """Say in the lower border what is not plain from the rows."""
        parts = [*notes, *self._filter_note(), *self._order_note()]
        self.foot(Content("  ").join(parts))

    def _filter_note(self) -> list[Content]:
        bar = self.filter_bar
        if bar.filter:
            text = f"filter {bar.filter.text}: {len(self._shown)} of {len(self._items)}"
            clear = Content.styled(" [x]", "@click=clear_filter")
            return [line((text, Tone.PLAIN)) + clear]
        if bar.display or len(self._items) < MANY:
            return []
        return [Content.styled("/ filter", "@click=open_filter")]

    def _order_note(self) -> list[Content]:
        """By what it is sorted, where there is no room for that column."""
        if not self.table.laid_out or self.table.shows(self._order):
            return []
        return [Content(f"by {self._order.label} {ARROWS[self._descending]}")]
