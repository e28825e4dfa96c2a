"""The panes of the monitor: which there are, how many fit, which one is in focus."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.geometry import Size
from textual.reactive import var
from textual.screen import Screen

from tsmon.tui import keymap
from tsmon.tui.keymap import PaneName
from tsmon.tui.layout import Layout, layout_for, visible
from tsmon.tui.widgets.banner import Banner
from tsmon.tui.widgets.digits_pane import DigitsPane
from tsmon.tui.widgets.headline import Headline
from tsmon.tui.widgets.key_bar import KeyBar
from tsmon.tui.widgets.metrics_pane import MetricsPane
from tsmon.tui.widgets.models_pane import ModelsPane
from tsmon.tui.widgets.pane import Pane
from tsmon.tui.widgets.raster import Symbols
from tsmon.tui.widgets.server_bar import ServerBar
from tsmon.tui.widgets.story import Story
from tsmon.tui.widgets.tab_line import TabLine
from tsmon.tui.widgets.workers_pane import WorkersPane


class Panes(Screen[None]):
    """Arranges the panes; knows nothing of what they show."""

    KEYS: ClassVar[tuple[keymap.Key, ...]] = keymap.KEYS
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings()
    AUTO_FOCUS = "#models-table"

    # `var`, since a `reactive` of a screen has all of it painted again at every change.
    zoomed = var(False, init=False)
    current = var(PaneName.MODELS, init=False)
    """The pane in focus."""
    symbols = var(Symbols.BRAILLE, init=False)

    def __init__(self) -> None:
        super().__init__()
        self._detail = PaneName.WORKERS
        self._room = Layout.FOUR

    def compose(self) -> ComposeResult:
        """The server's line, the panes, the keys."""
        yield ServerBar(id="server-bar")
        yield Banner(id="banner")
        yield TabLine(id="tabs")
        with Container(id="panes"):
            yield Headline(id="headline")
            with Container(id="upper"):
                with Container(id="left"):
                    yield ModelsPane()
                    yield WorkersPane()
                    yield Story()
                yield MetricsPane()
            yield DigitsPane()
        yield KeyBar(id="keys")

    @property
    def offered(self) -> frozenset[PaneName]:
        """The panes there are."""
        return frozenset(PaneName)

    def footer_keys(self) -> list[keymap.Key]:
        """The keys to name in the last line."""
        return keymap.footer(self.current)

    def on_mount(self) -> None:
        """Be in order before the first frame is drawn."""
        self._fit(self.app.size)

    def on_resize(self, event: events.Resize) -> None:
        """Show as many panes as fit."""
        self._fit(event.size)

    def _fit(self, size: Size) -> None:
        self._room = layout_for(size.width, size.height)
        self.lay_out()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Follow the focus to its pane."""
        pane = next((a for a in event.widget.ancestors_with_self if isinstance(a, Pane)), None)
        if pane is not None:
            self.current = pane.NAME

    def watch_current(self) -> None:
        """Another pane is in focus."""
        if self.current is not PaneName.MODELS:
            self._detail = self.current
        self.lay_out()

    def watch_zoomed(self) -> None:
        """One pane gets the whole screen, or gives it back."""
        self.lay_out()

    def watch_symbols(self, symbols: Symbols) -> None:
        """Draw charts and pictures with other characters."""
        self.query_one(MetricsPane).symbols = symbols
        self.query_one(DigitsPane).symbols = symbols

    def lay_out(self) -> None:
        """Show the panes that fit, and their keys."""
        shown = visible(self._room, self.current, self._detail, zoomed=self.zoomed) & self.offered
        panes = self.query_one("#panes")
        single = self.zoomed or self._room is Layout.ONE
        panes.set_class(single, Layout.ONE)
        panes.set_class(not single and self._room is Layout.TWO, Layout.TWO)
        panes.set_class(not single and self._room is Layout.FOUR, Layout.FOUR)
        for name in PaneName:
            panes.query_one(f"#{name}").display = name in shown
            panes.set_class(name is self._detail, f"-detail-{name}")
        self.query_one("#left").display = bool(shown & {PaneName.MODELS, PaneName.WORKERS})
        self.query_one("#upper").display = shown != {PaneName.DIGITS}
        tabs = self.query_one(TabLine)
        tabs.show(sorted(self.offered, key=list(PaneName).index), self.current)
        tabs.display = self._room is not Layout.FOUR or self.zoomed
        self.query_one(KeyBar).show(self.footer_keys())

    def action_focus_pane(self, name: str) -> None:
        """Go to a pane, which may have to be shown first."""
        self.current = PaneName(name)
        self.query_one(f"#{name}", Pane).take_focus()

    def action_zoom(self) -> None:
        """Give the pane in focus the whole screen, or take it back."""
        self.zoomed = not self.zoomed

    @property
    def table_pane(self) -> ModelsPane | WorkersPane:
        """The pane whose rows are filtered and sorted: the workers in focus, else the models."""
        if self.current is PaneName.WORKERS:
            return self.query_one(WorkersPane)
        return self.query_one(ModelsPane)

    def action_sort(self) -> None:
        """Sort the rows by the next column."""
        self.table_pane.sort_by_next()

    def action_reverse_sort(self) -> None:
        """Sort the rows the other way round."""
        self.table_pane.reverse_order()

    def action_filter(self, pane: str = "") -> None:
        """Ask which rows to show, in a pane or in the one in focus."""
        if pane:
            self.action_focus_pane(pane)
        self.table_pane.open_filter()

    def action_clear_filter(self, pane: str) -> None:
        """Show all rows of a pane again."""
        self.action_focus_pane(pane)
        self.table_pane.clear_filter()
