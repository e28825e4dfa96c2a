"""The monitor as something to look at: a session, and the way its snapshots reach the panes."""

from __future__ import annotations

from textual import events
from textual.reactive import var
from textual.worker import Worker

from tsmon.telemetry.events import Event
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.playhead import View
from tsmon.telemetry.snapshot import ModelKey, ModelStatus, Snapshot
from tsmon.torchserve.errors import TorchServeError
from tsmon.tui import keymap
from tsmon.tui.keyed import keys_of
from tsmon.tui.keymap import PaneName
from tsmon.tui.messages import Refreshed
from tsmon.tui.notes import Note
from tsmon.tui.options import MonitorOptions
from tsmon.tui.periods import other_period
from tsmon.tui.rollouts import Rollout, Rollouts
from tsmon.tui.screens.panes import Panes
from tsmon.tui.session import Session
from tsmon.tui.spans import nearest_span
from tsmon.tui.widgets.banner import Banner
from tsmon.tui.widgets.digits_pane import DigitsPane
from tsmon.tui.widgets.metrics_pane import MetricsPane
from tsmon.tui.widgets.models_pane import ModelsPane
from tsmon.tui.widgets.server_bar import BarFacts, Looking, ServerBar
from tsmon.tui.widgets.workers_pane import WorkersPane

CLOCK_S = 1.0


class Frame(Panes):
    """Shows snapshots; what changes or sends anything is in `MonitorScreen`."""

    snapshot: var[Snapshot | None] = var(None, init=False)
    """The tick that is shown."""
    selected: var[ModelKey | None] = var(None, init=False)
    """The version the panes 2 to 4 are about."""

    def __init__(self, session: Session, options: MonitorOptions) -> None:
        super().__init__()
        self.options = options
        self._watch(session)

    def _watch(self, session: Session) -> None:
        self.session = session
        session.playhead.span_s = nearest_span(self.options.span_s)
        self.rollouts = Rollouts(
            lambda: session.client.management,
            start=lambda work: self.run_worker(work, group="rollouts"),
            changed=self.rollout_changed,
        )

    def on_mount(self) -> None:
        """Begin to watch the server."""
        self.query_one(Banner).display = False
        self.symbols = self.options.symbols
        self.set_interval(CLOCK_S, self._show_server)
        self.begin()

    def connect(self, session: Session) -> None:
        """Watch something else."""
        self.query_one(ModelsPane).table.show([])  # so that a row of the same name is news
        self.selected = None
        # Rows of the same name must not pass for those that were selected before.
        self.query_one(ModelsPane).table.show(())
        self._watch(session)
        self.lay_out()
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
        log = self.session.monitor.events
        events = log.about(model.key, playhead.span_s, view.edge) if model else []
        self.query_one(MetricsPane).show(snapshot, model, points, view, playhead.span_s, events)
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
            session.tag,
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
        """What happened at the moment that is looked at; None while one sees the present."""
        return None

    @property
    def looking(self) -> Looking | None:
        """Where in the past one looks; None where one sees the present."""
        return None

    def note(self, note: Note, *, bad: bool = True) -> None:
        """Tell something that has no place of its own on the screen."""
        self.notify(
            keys_of(self).spell(str(note)),
            severity="error" if bad else "information",
            timeout=10 if bad else 5,
            markup=False,
        )

    def set_period(self, seconds: float) -> None:
        """Ask the server every so many seconds from now on."""
        self.session.monitor.period_s = seconds
        self.session.monitor.poke()
        self._show_server()

    def action_period(self, direction: int) -> None:
        """Ask the server less or more often."""
        self.set_period(other_period(self.session.monitor.period_s, direction))

    # What there is to do

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
        if session.replays and action == "period":
            return False
        if not session.replays and action in keymap.NEED_REPLAY:
            return False
        return not (session.read_only and action in keymap.CHANGES)

    def on_key(self, event: events.Key) -> None:
        """Say why a key does nothing where nothing may be changed."""
        key = keys_of(self).pressed(event.key, keymap.KEYS)
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
