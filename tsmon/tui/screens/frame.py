"""The monitor as something to look at: its panes, the way snapshots reach them, and views."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.reactive import var
from textual.screen import Screen
from textual.worker import Worker

from tsmon.telemetry.snapshot import ModelKey, ModelStatus, Snapshot
from tsmon.tui import keymap
from tsmon.tui.keymap import PaneName
from tsmon.tui.layout import Layout, layout_for, visible
from tsmon.tui.messages import Refreshed
from tsmon.tui.notes import Note
from tsmon.tui.options import MonitorOptions
from tsmon.tui.rollouts import Rollout, Rollouts
from tsmon.tui.session import Session
from tsmon.tui.widgets.banner import Banner
from tsmon.tui.widgets.digits_pane import DigitsPane
from tsmon.tui.widgets.key_bar import KeyBar
from tsmon.tui.widgets.metrics_pane import WINDOW_S, MetricsPane
from tsmon.tui.widgets.models_pane import ModelsPane
from tsmon.tui.widgets.pane import Pane
from tsmon.tui.widgets.raster import Symbols
from tsmon.tui.widgets.server_bar import BarFacts, ServerBar
from tsmon.tui.widgets.tab_line import TabLine
from tsmon.tui.widgets.workers_pane import WorkersPane

CLOCK_S = 1.0


class Frame(Screen[None]):
    """Shows snapshots; what changes or sends anything is in `MonitorScreen`."""

    KEYS: ClassVar[tuple[keymap.Key, ...]] = keymap.KEYS
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings()
    AUTO_FOCUS = "#models-table"

    # `var`, since a `reactive` of a screen has all of it painted again at every change.
    snapshot: var[Snapshot | None] = var(None, init=False)
    """The tick that is shown."""
    selected: var[ModelKey | None] = var(None, init=False)
    """The version the panes 2 to 4 are about."""
    paused = var(False, init=False)
    zoomed = var(False, init=False)
    current = var(PaneName.MODELS, init=False)
    """The pane in focus."""
    symbols = var(Symbols.BRAILLE)

    def __init__(self, session: Session, options: MonitorOptions) -> None:
        super().__init__()
        self.options = options
        self._detail = PaneName.WORKERS
        self._room = Layout.FOUR
        self._watch(session)

    def _watch(self, session: Session) -> None:
        self.session = session
        self.rollouts = Rollouts(
            session.client.management,
            start=lambda work: self.run_worker(work, group="rollouts"),
            changed=self.rollout_changed,
        )

    def compose(self) -> ComposeResult:
        """The server's line, the panes, the keys."""
        yield ServerBar(id="server-bar")
        yield Banner(id="banner")
        yield TabLine(id="tabs")
        with Container(id="panes"):
            with Container(id="upper"):
                with Container(id="left"):
                    yield ModelsPane()
                    yield WorkersPane()
                yield MetricsPane()
            yield DigitsPane()
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Begin to watch the server."""
        self.query_one(Banner).display = False
        self.set_interval(CLOCK_S, self._show_server)
        self.begin()

    def connect(self, session: Session) -> None:
        """Watch another server."""
        self.paused = False
        self.selected = None
        self._watch(session)
        self.begin()

    def begin(self) -> Worker[None]:
        """Poll the session's server from now on, and no other."""

        def publish(snapshot: Snapshot) -> None:
            self.post_message(Refreshed(snapshot))

        work = self.session.monitor.run(publish)
        return self.run_worker(work, group="monitor", exclusive=True)

    # Snapshots

    def on_refreshed(self, message: Refreshed) -> None:
        """A tick; while paused it is not shown."""
        if not self.paused:
            self.snapshot = message.snapshot

    def watch_snapshot(self) -> None:
        """Show a tick everywhere at once."""
        if self.snapshot is None:
            return
        with self.app.batch_update():
            self._show_server()
            self.query_one(ModelsPane).show(self.snapshot)
            self.show_selected()

    def on_models_pane_selected(self, message: ModelsPane.Selected) -> None:
        """The cursor moved to another version."""
        self.selected = message.key

    def watch_selected(self) -> None:
        """Turn the other panes to the selected version, and have it looked at often."""
        self.session.monitor.focus = self.selected
        self.show_selected()

    @property
    def model(self) -> ModelStatus | None:
        """What is known of the selected version."""
        return self.snapshot.model(self.selected) if self.snapshot and self.selected else None

    def show_selected(self) -> None:
        """Render the panes that are about one version."""
        snapshot, model, monitor = self.snapshot, self.model, self.session.monitor
        if snapshot is None:
            return
        rollout = self.rollouts.of(model.key) if model else None
        self.query_one(WorkersPane).show(snapshot, model, rollout)
        points = monitor.history.points(model.key, WINDOW_S, snapshot.at) if model else []
        self.query_one(MetricsPane).show(snapshot, model, points, monitor.period_s)
        self.query_one(DigitsPane).target(model.key if model else None)

    def rollout_changed(self, rollout: Rollout) -> None:
        """A change of workers took a step."""
        if not rollout.running:
            self.session.monitor.poke()
        if self.is_mounted:
            self.show_selected()

    def _show_server(self) -> None:
        """The lines that also change with time alone."""
        snapshot = self.session.monitor.latest
        client = self.session.client
        facts = BarFacts(
            self.session.monitor.period_s,
            self.session.token_expires,
            client.read_only,
            self.paused,
            self.options.note,
        )
        self.query_one(ServerBar).show(snapshot, facts)
        can_start = client.addresses.is_local and not client.read_only
        self.query_one(Banner).show(snapshot, can_start=can_start, read_only=client.read_only)

    def note(self, note: Note, *, bad: bool = True) -> None:
        """Tell something that has no place of its own on the screen."""
        self.notify(
            str(note),
            severity="error" if bad else "information",
            timeout=10 if bad else 5,
            markup=False,
        )

    # Views

    def on_resize(self, event: events.Resize) -> None:
        """Show as many panes as fit."""
        self._room = layout_for(event.size.width, event.size.height)
        self._arrange()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Follow the focus to its pane."""
        pane = next((a for a in event.widget.ancestors_with_self if isinstance(a, Pane)), None)
        if pane is not None:
            self.current = pane.NAME

    def watch_current(self) -> None:
        """Another pane is in focus."""
        if self.current is not PaneName.MODELS:
            self._detail = self.current
        self._arrange()

    def watch_zoomed(self) -> None:
        """One pane gets the whole screen, or gives it back."""
        self._arrange()

    def watch_paused(self) -> None:
        """Say so at once; when it goes on, show the present."""
        if not self.paused:
            self.snapshot = self.session.monitor.latest
        self._show_server()

    def watch_symbols(self, symbols: Symbols) -> None:
        """Draw charts and pictures with other characters."""
        if self.is_mounted:
            self.query_one(MetricsPane).symbols = symbols
            self.query_one(DigitsPane).symbols = symbols

    def _arrange(self) -> None:
        shown = visible(self._room, self.current, self._detail, zoomed=self.zoomed)
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
        tabs.show(self.current)
        tabs.display = self._room is not Layout.FOUR or self.zoomed
        self.query_one(KeyBar).show(self.footer_keys())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out the keys that change the server where nothing may be changed."""
        return not (self.session.client.read_only and action in keymap.CHANGES)

    def on_key(self, event: events.Key) -> None:
        """Say why a key does nothing in a read-only session."""
        key = keymap.pressed(event.key)
        if key and key.changes and self.session.client.read_only:
            self.note(Note(f"read-only: {key.label} is refused", "start tsmon without --read-only"))

    def footer_keys(self) -> list[keymap.Key]:
        """The keys of the pane in focus that can be used now."""
        return [
            key for key in keymap.footer(self.current) if self.check_action(key.action_name, ())
        ]

    def action_focus_pane(self, name: str) -> None:
        """Go to a pane, which may have to be shown first."""
        self.current = PaneName(name)
        self.query_one(f"#{name}", Pane).take_focus()

    def action_zoom(self) -> None:
        """Give the pane in focus the whole screen, or take it back."""
        self.zoomed = not self.zoomed

    def action_pause(self) -> None:
        """Hold the display still, or let it go on."""
        self.paused = not self.paused

    def action_symbols(self) -> None:
        """Draw with the next kind of characters."""
        self.symbols = self.symbols.following

    def action_theme(self) -> None:
        """Change between dark and light."""
        dark = self.app.current_theme.dark
        self.app.theme = "textual-light" if dark else "textual-dark"

    def action_sort(self) -> None:
        """Sort the models by the next column."""
        self.query_one(ModelsPane).sort()

    def action_filter(self) -> None:
        """Ask which models to show."""
        self.query_one(ModelsPane).open_filter()
