"""The panes of the monitor: which there are, how many fit, which one is in focus."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.geometry import Size
from textual.reactive import var

from tsmon.tui import keymap
from tsmon.tui.keymap import PaneName
from tsmon.tui.monitor.layout import Layout, layout_for, size_classes, visible_panes
from tsmon.tui.screens.above import Sound
from tsmon.tui.text.symbols import Symbols
from tsmon.tui.widgets.banner import Banner
from tsmon.tui.widgets.digits_pane import DigitsPane
from tsmon.tui.widgets.headline import Headline
from tsmon.tui.widgets.key_bar import KeyBar
from tsmon.tui.widgets.metrics_pane import MetricsPane
from tsmon.tui.widgets.models_pane import ModelsPane
from tsmon.tui.widgets.pane import Pane
from tsmon.tui.widgets.server_bar import ServerBar
from tsmon.tui.widgets.story import VersionDetails
from tsmon.tui.widgets.tab_line import TabLine
from tsmon.tui.widgets.workers_pane import WorkersPane

if TYPE_CHECKING:
    from tsmon.tui.widgets.run_pane import RunPane

ROOM_LINES = 36
"""Lines from which on the story has room above the charts."""
DEEP = frozenset({PaneName.WORKERS, PaneName.METRICS})
"""The panes about one model that are seen in depth."""


class Panes(Sound[None]):
    """Arranges the panes; knows nothing of what they show."""

    KEYS: ClassVar[tuple[keymap.Key, ...]] = keymap.KEYS
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings()
    AUTO_FOCUS = "#models-table"

    # `var`, since a `reactive` of a screen has all of it painted again at every change.
    zoomed = var(False, init=False)
    in_depth = var(False, init=False)
    """Whether one model is seen instead of all of them."""
    current = var(PaneName.MODELS, init=False)
    """The pane in focus."""
    digits_open = var(False, init=False)
    """Whether the images have room for themselves when they are not in focus."""
    symbols = var(Symbols.BRAILLE, init=False)

    def __init__(self) -> None:
        super().__init__()
        self._detail = PaneName.WORKERS
        self._run: RunPane | None = None
        self._room = Layout.FOUR

    def compose(self) -> ComposeResult:
        """The server's line, the panes, the keys.

        They are mounted with the classes that the terminal's size asks for: each change of classes
        later has every widget styled once more, which is a tenth of the time to the first frame.
        """
        size = self.app.size
        self._room = layout_for(*size)
        self.update_classes(size_classes(*size), update=False)
        yield ServerBar(id="server-bar")
        yield Banner(id="banner")
        yield TabLine(id="tabs")
        with Container(id="panes", classes=" ".join(self._arrangement())):
            yield Headline(id="headline")
            yield ModelsPane()
            with Container(id="upper"):
                with Container(id="left"):
                    yield WorkersPane()
                    yield VersionDetails()
                yield MetricsPane()
            yield DigitsPane()
        yield KeyBar(id="keys")

    @property
    def offered(self) -> frozenset[PaneName]:
        """The panes there are."""
        panes = frozenset(PaneName)
        return panes if self._run is not None else panes - {PaneName.RUN}

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
        self.models_pane.symbols = symbols
        self.models_pane.render_rows()
        self.metrics_pane.symbols = symbols
        self.digits_pane.symbols = symbols
        if self._run is not None:
            self._run.view.symbols = symbols

    def watch_in_depth(self) -> None:
        """The panes about one model are arranged in a way of their own, or are not any more."""
        self.lay_out()

    def lay_out(self) -> None:
        """Show the panes that fit, and their keys."""
        shown = self._shown()
        for pane in self.query(Pane):
            pane.display = pane.NAME in shown
        self.query_one("#left").display = PaneName.WORKERS in shown
        self.query_one("#upper").display = bool(shown & DEEP)
        self.digits_pane.fold(folded=self.digits_folded)
        self.query_one(Headline).display = self._is_deep
        self.story.display = self._has_room_for_story()
        panes, classes = self.query_one("#panes"), self._arrangement()
        if panes.classes != classes:
            panes.set_classes(classes)
        tabs = self.query_one(TabLine)
        tabs.show(sorted(self.offered, key=list(PaneName).index), self.current)
        tabs.display = self._room is not Layout.FOUR or self.zoomed
        self.show_keys()

    @property
    def digits_folded(self) -> bool:
        """Whether the images have a line alone: beside all others, until they are used."""
        is_used = self.digits_open or self.current is PaneName.DIGITS
        return self.has_room_for_all and not is_used

    @property
    def has_room_for_all(self) -> bool:
        """Whether all panes are shown beside each other."""
        return self._room is Layout.FOUR and not self.zoomed and not self.in_depth

    def watch_digits_open(self) -> None:
        """The images have more room, or less."""
        self.lay_out()

    @property
    def _is_deep(self) -> bool:
        return self.in_depth and not self.zoomed

    def _shown(self) -> frozenset[PaneName]:
        if self._is_deep:
            return self._deep
        room = Layout.ONE if self.zoomed else self._room
        return visible_panes(room, self.current, self._detail, self.offered)

    @property
    def _deep(self) -> frozenset[PaneName]:
        """The panes that are seen in depth: those about one model, and a run where it is large."""
        below = {PaneName.RUN} & self.offered if self._room is Layout.FOUR else set()
        return DEEP | below

    def _arrangement(self) -> frozenset[str]:
        """The classes of all panes, which are set at once: each change of them styles all again."""
        classes = {f"-detail-{self._detail}"}
        if self.digits_folded:
            classes.add("-folded")
        if PaneName.RUN in self._shown():
            classes.add("-running")
        if not self._is_deep:
            classes.add(Layout.ONE if self.zoomed else self._room)
        elif self._room is Layout.FOUR:
            classes |= {"-depth", "-beside"}
        else:
            classes.add("-depth")
        return frozenset(classes)

    def _has_room_for_story(self) -> bool:
        if self._is_deep:
            return self._room is Layout.FOUR or self.size.height >= ROOM_LINES
        is_shared = self.current is PaneName.DIGITS or PaneName.RUN in self._shown()
        is_low = self.size.height < ROOM_LINES and is_shared
        has_room = self._room in {Layout.TWO, Layout.FOUR} and not self.zoomed and not is_low
        return has_room and PaneName.WORKERS in self._shown()

    def show_keys(self) -> None:
        """Name the keys that matter now."""
        self.query_one(KeyBar).show(self.footer_keys())

    def focus_pane(self, name: PaneName) -> None:
        """Go to a pane, which may have to be shown first; what is not in depth leads out of it."""
        if name not in self._deep:
            self.in_depth = False
        self.current = name
        self.query_one(f"#{name}", Pane).take_focus()

    async def show_run(self, pane: RunPane) -> None:
        """Give a run a pane of its own, and go to it."""
        await self.query(f"#{PaneName.RUN}").remove()
        self._run = pane
        await self.query_one("#panes").mount(pane)
        self.focus_pane(PaneName.RUN)

    def close_run(self) -> None:
        """Take that pane away."""
        if self._run is None:
            return
        self._run.view.close()
        self._run.remove()
        self._run = None
        if self._detail is PaneName.RUN:
            self._detail = PaneName.WORKERS
        if self.current is PaneName.RUN:
            self.zoomed = False
            self.focus_pane(PaneName.METRICS if self.in_depth else PaneName.MODELS)
        self.lay_out()

    @property
    def models_pane(self) -> ModelsPane:
        """Pane 1, the models."""
        return self.query_one(ModelsPane)

    @property
    def workers_pane(self) -> WorkersPane:
        """Pane 2, the workers of the selected version."""
        return self.query_one(WorkersPane)

    @property
    def metrics_pane(self) -> MetricsPane:
        """Pane 3, the charts of the selected version."""
        return self.query_one(MetricsPane)

    @property
    def digits_pane(self) -> DigitsPane:
        """Pane 4, images and answers."""
        return self.query_one(DigitsPane)

    @property
    def story(self) -> VersionDetails:
        """What can be said of the selected version beside its numbers."""
        return self.query_one(VersionDetails)

    @property
    def table_pane(self) -> ModelsPane | WorkersPane:
        """The pane whose rows are filtered and sorted: the workers in focus, else the models."""
        return self.workers_pane if self.current is PaneName.WORKERS else self.models_pane
