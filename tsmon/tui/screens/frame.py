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

from tsmon.telemetry.events import Event
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.playhead import View
from tsmon.telemetry.snapshot import ModelKey, ModelStatus, Snapshot
from tsmon.torchserve.errors import TorchServeError
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
from tsmon.tui.widgets.metrics_pane import MetricsPane
from tsmon.tui.widgets.models_pane import ModelsPane
from tsmon.tui.widgets.pane import Pane
from tsmon.tui.widgets.raster import Symbols
from tsmon.tui.widgets.server_bar import BarFacts, Looking, ServerBar
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
            lambda: session.client.management,
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
        """Watch something else."""
        self.selected = None
        self._watch(session)
        self._arrange()
        self.begin()

    def begin(self) -> Worker[None]:
        """Follow this session from now on, and no other."""
        return self.run_worker(self._follow(self.session), group="monitor", exclusive=True)

    async def _follow(self, session: Session) -> None:
        def publish(snapshot: Snapshot) -> None:
            self.post_message(Refreshed(snapshot))

        try:
            await session.run(publish)
        except TorchServeError as error:
            self.note(Note.of(error))

    # Snapshots

    def on_refreshed(self, message: Refreshed) -> None:
        """A tick; while another one is looked at it is not shown."""
        if not self.session.playhead.held:
            self.snapshot = message.snapshot

    def watch_snapshot(self) -> None:
        """Show a tick everywhere at once."""
        if self.snapshot is None:
            return
        with self.app.batch_update():
            self._show_server()
            self.query_one(ModelsPane).show(self.snapshot, can_register=not self.session.read_only)
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
        snapshot, model = self.snapshot, self.model
        if snapshot is None:
            return
        rollout = self.rollouts.of(model.key) if model else None
        self.query_one(WorkersPane).show(snapshot, model, rollout)
        playhead = self.session.playhead
        view = playhead.view or View(snapshot, snapshot.at, held=False)
        history = self.session.monitor.history
        points = history.points(model.key, playhead.span_s, view.edge) if model else []
        self.query_one(MetricsPane).show(snapshot, model, points, view, playhead.span_s)
        self.query_one(DigitsPane).target(model.key if model else None)

    def rollout_changed(self, rollout: Rollout) -> None:
        """A change of workers took a step."""
        if not rollout.running:
            self.session.monitor.poke()
        if self.is_mounted:
            self.show_selected()

    def _show_server(self) -> None:
        """The lines that also change with time alone."""
        session = self.session
        held = session.playhead.held
        snapshot = self.snapshot if held and self.snapshot else session.monitor.latest
        facts = BarFacts(
            session.monitor.period_s,
            session.token_expires,
            session.read_only,
            self.looking,
            session.word,
            self.options.note,
        )
        self.query_one(ServerBar).show(snapshot, facts, snapshot.at if held else Instant.now())
        self.query_one(Banner).show(
            snapshot,
            None if held else Instant.now(),
            event=self.event,
            can_start=session.is_local and not session.read_only,
            read_only=session.read_only,
        )

    @property
    def event(self) -> Event | None:
        """What happened at the moment that is looked at, if that is why one looks at it."""
        return None

    @property
    def looking(self) -> Looking | None:
        """Where in the past one looks; None where one sees the present."""
        return None

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

    def watch_symbols(self, symbols: Symbols) -> None:
        """Draw charts and pictures with other characters."""
        if self.is_mounted:
            self.query_one(MetricsPane).symbols = symbols
            self.query_one(DigitsPane).symbols = symbols

    def _arrange(self) -> None:
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

    @property
    def offered(self) -> frozenset[PaneName]:
        """The panes there are; without a server there is nothing to send digits to."""
        panes = frozenset(PaneName)
        return panes if self.session.can_act else panes - {PaneName.DIGITS}

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out the keys that have nothing to act on here."""
        session = self.session
        if not session.can_act and action in keymap.NEED_SERVER:
            return False
        if action == "focus_pane" and parameters:
            return PaneName(str(parameters[0])) in self.offered
        if not session.replays and action in keymap.NEED_REPLAY:
            return False
        return not (session.read_only and action in keymap.CHANGES)

    def on_key(self, event: events.Key) -> None:
        """Say why a key does nothing where nothing may be changed."""
        key = keymap.pressed(event.key)
        session = self.session
        if key is None or not (key.changes or key.needs_server):
            return
        if not session.can_act:
            refused = f"this is a {session.word}: {key.label} is not possible"
            self.note(Note(refused, session.way_out))
        elif key.changes and session.read_only:
            self.note(Note(f"read-only: {key.label} is refused", "start tsmon without --read-only"))

    def footer_keys(self) -> list[keymap.Key]:
        """The keys of the pane in focus that can be used now."""
        keys = keymap.footer(self.current) if self.session.can_act else keymap.WATCHING
        return [key for key in keys if self.check_action(key.action_name, ())]

    def action_focus_pane(self, name: str) -> None:
        """Go to a pane, which may have to be shown first."""
        self.current = PaneName(name)
        self.query_one(f"#{name}", Pane).take_focus()

    def action_zoom(self) -> None:
        """Give the pane in focus the whole screen, or take it back."""
        self.zoomed = not self.zoomed

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
