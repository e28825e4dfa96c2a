"""The monitor's screen: what is watched, the moment that is shown, the version that is selected."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

from textual import events, on
from textual.reactive import var

from tsmon.telemetry.snapshot import ModelKey, ModelStatus, ServerState, Snapshot
from tsmon.torchserve.errors import TorchServeError
from tsmon.tui import keymap
from tsmon.tui.keymap import Group, PaneName
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.monitor.actions import Actions
from tsmon.tui.monitor.bulk import Marking
from tsmon.tui.monitor.canaries import Canaries
from tsmon.tui.monitor.configuring import Appearance, Configuring
from tsmon.tui.monitor.copying import Copying
from tsmon.tui.monitor.display import show_model, show_server
from tsmon.tui.monitor.experimenting import Experimenting
from tsmon.tui.monitor.in_depth import InDepth
from tsmon.tui.monitor.incidents import Incidents
from tsmon.tui.monitor.leftovers import Leftovers
from tsmon.tui.monitor.limiting import Limited, Limiting
from tsmon.tui.monitor.looking_back import LookingBack
from tsmon.tui.monitor.pages import Pages, Pinning
from tsmon.tui.monitor.panes import Panes
from tsmon.tui.monitor.plugins import Plugins
from tsmon.tui.monitor.presence import Refused
from tsmon.tui.monitor.replacing import Replacing
from tsmon.tui.monitor.running import Running
from tsmon.tui.monitor.scaling import Scaling
from tsmon.tui.monitor.sending import Sending
from tsmon.tui.monitor.servers import ServerActions
from tsmon.tui.monitor.store import ModelStore
from tsmon.tui.monitor.tokens import Tokens
from tsmon.tui.monitor.undoing import Undoing
from tsmon.tui.monitor.versions import Versions
from tsmon.tui.monitor.viewing import Viewing
from tsmon.tui.screens.full_page import FullPage
from tsmon.tui.screens.prompts import Talk
from tsmon.tui.state.messages import Refreshed
from tsmon.tui.state.rollouts import Rollout, Rollouts
from tsmon.tui.state.steps import nearest_span
from tsmon.tui.text.notes import Note
from tsmon.tui.widgets.banner import Banner
from tsmon.tui.widgets.chart import Chart
from tsmon.tui.widgets.time_axis import TimeAxis

if TYPE_CHECKING:
    from tsmon.tui.monitor.capability import Capability
    from tsmon.tui.state.options import MonitorOptions
    from tsmon.tui.state.session import Session
    from tsmon.tui.widgets.models_pane import ModelsPane
    from tsmon.tui.widgets.story import VersionDetails

CLOCK_S = 1.0
FIRST_FRAME_S = 0.25
"""How long nothing is painted while the first answer is awaited."""
FOLLOWING = "monitor"
"""The group of the work that brings the ticks; without it the screen would be of the past."""
NO_MODEL = Note("no model is selected", "{model.register} registers one")


class WholeApp(Appearance, Limited, Pinning, Protocol):
    """What is changed of all screens together."""


class MonitorScreen(Panes):
    """The one screen; pages and dialogs open above it, and capabilities do the work."""

    snapshot: var[Snapshot | None] = var(None, init=False)
    """The tick that is shown."""
    selected: var[ModelKey | None] = var(None, init=False)
    """The version the panes 2 to 4 are about."""

    def __init__(self, session: Session, options: MonitorOptions, app: WholeApp) -> None:
        super().__init__()
        self.options = options
        self.all_keys = (*keymap.KEYS, *options.keys.plugins)
        """Those of the table and of plugins."""
        self.talk = Talk(self)
        self._unpainted = ExitStack()
        self._behind: Snapshot | None = None
        """The last tick before the shell gave the terminal back; None once there is a newer one."""
        self._unseen = False
        """Whether charts and workers were left as they were, below a page that covers them."""
        self._watch(session)
        self.past = LookingBack(self)
        self.running = Running(self)
        self.sending = Sending(self, self.running)
        self.servers = ServerActions(self)
        self.limiting = Limiting(self, app)
        undoing, marking, pages = Undoing(self), Marking(self), Pages(self, self.past, app)
        in_depth = InDepth(self, pages)
        self.scaling = Scaling(self, undoing, marking)
        versions = Versions(self, undoing, marking)
        self._capabilities: tuple[Capability, ...] = (
            Configuring(self, app, self.past, self.servers, self.sending),
            Canaries(self, self.sending),
            Copying(self),
            Experimenting(self, self.running),
            Incidents(self),
            Leftovers(self),
            self.limiting,
            pages,
            Plugins(self),
            Replacing(self, undoing, self.sending.desk),
            Tokens(self),
            versions,
            ModelStore(self, versions),
            Viewing(self, self.sending, in_depth, self.running),
            *(in_depth, marking, self.running, self.scaling, self.sending, self.servers),
            self.past,  # puts the way back to the present before the keys of the others,
            undoing,  # and this one the way back to what was
        )
        self.actions = Actions(self._capabilities, self.all_keys)

    def on_mount(self) -> None:
        """Begin to watch the server, whose first answer is mostly there for the first frame."""
        self._unpainted.enter_context(self.app.batch_update())
        self.set_timer(FIRST_FRAME_S, self._unpainted.close)
        self.query_one(Banner).display = False
        self.symbols = self.options.symbols
        self.digits_open = self.options.config.monitor.digits_open
        self.set_interval(CLOCK_S, self.show_server)
        self.app.app_resume_signal.subscribe(self, lambda _: self._catch_up())
        for each in self._capabilities:
            each.mounted()
        chosen, _, others = self.options.note.partition("; ")
        if others:
            label = self.session.monitor.latest.server.label
            self.talk.note(Note(f"watching {label}, {chosen}", others), bad=False)
        self._begin()

    @on(events.Resize)
    def fill(self) -> None:
        """Fill what has room from now on."""
        self.call_after_refresh(self.show_selected)

    def on_unmount(self) -> None:
        """Let go of what is held open."""
        for each in self._capabilities:
            each.unmounted()

    # What is watched

    def connect(self, session: Session) -> None:
        """Watch something else; what was asked or is to be sent was meant for the one before."""
        self.talk.drop()
        # Rows of the same name must not pass for those that were selected before.
        self.models_pane.table.show_rows([])
        self.selected = None
        self._watch(session)
        for each in self._capabilities:
            each.connected()
        self.lay_out()
        self._begin()

    def _watch(self, session: Session) -> None:
        self.session = session
        session.playhead.span_s = nearest_span(self.options.span_s)
        self.rollouts = Rollouts(
            lambda: session.client.management,
            start=lambda work: self.run_worker(work, group="rollouts"),  # type: ignore[arg-type]
            changed=self._rollout_changed,
        )

    def _begin(self) -> None:
        """Follow this session from now on, and no other."""
        self.run_worker(self._follow(self.session), group=FOLLOWING, exclusive=True)

    async def _follow(self, session: Session) -> None:
        def publish(snapshot: Snapshot) -> None:
            self.post_message(Refreshed(snapshot))

        try:
            await session.run(publish)
        except TorchServeError as error:
            self.talk.note(Note.of(error))

    @property
    def offered(self) -> frozenset[PaneName]:
        """The panes there are; without a server there is nothing to send digits to."""
        panes = super().offered
        return panes if self.session.can_act else panes - {PaneName.DIGITS}

    @property
    def away(self) -> bool:
        """Whether nothing listens where the server was, so that it can be asked for nothing."""
        return self.session.monitor.latest.server.state is ServerState.AWAY

    # What is shown

    def on_refreshed(self, message: Refreshed) -> None:
        """A tick; while another one is looked at it is not shown."""
        self.past.ticked()
        if message.snapshot is not self._behind:
            self._behind = None
        if not self.session.playhead.held:
            self.snapshot = message.snapshot

    def show(self, snapshot: Snapshot) -> None:
        """Show a tick in all panes."""
        if snapshot is self.snapshot:
            self.show_selected()
        self.snapshot = snapshot

    def watch_snapshot(self) -> None:
        """Show a tick everywhere at once."""
        if self.snapshot is None:
            return
        with self.app.batch_update():
            self.show_server()
            self.show_keys()
            self.models_pane.show(
                self.snapshot, self.session.history, can_register=not self.session.read_only
            )
            self.show_selected()
        for each in self._capabilities:
            each.snapshot_shown()
        self._unpainted.close()

    def watch_selected(self) -> None:
        """Turn the other panes to the selected version, and have it looked at often."""
        self.session.monitor.focus = self.selected
        self.show_selected()

    def watch_in_depth(self) -> None:
        """Arrange the panes again, and fill those that were not seen before."""
        super().watch_in_depth()
        self.show_selected()

    @property
    def model(self) -> ModelStatus | None:
        """What the tick that is shown knows of the selected version."""
        return self.snapshot.model(self.selected) if self.snapshot and self.selected else None

    def show_selected(self) -> None:
        """Render what is about the selected version."""
        model = self.model
        if self.snapshot is None:
            return
        self.digits_pane.target(model.key if model else None)
        self._unseen = any(isinstance(each, FullPage) for each in self.app.screen_stack)
        if not self._unseen:
            rollout = self.rollouts.of(model.key) if model else None
            show_model(self, self.session, self.snapshot, model, rollout)
        for each in self._capabilities:
            each.selected_shown()

    def on_screen_resume(self) -> None:
        """Show what a page lay over meanwhile."""
        if self._unseen:
            self.show_selected()

    def show_server(self) -> None:
        """Render the lines about the server."""
        show_server(
            self,
            self.session,
            self.snapshot,
            self.past,
            self.options.note,
            catching_up=self._behind is not None,
        )

    def _catch_up(self) -> None:
        """Say that what is shown is of before the shell had the terminal, until it is not."""
        self._behind = self.session.monitor.latest
        self.session.monitor.poke()
        self.show_server()

    def _rollout_changed(self, rollout: Rollout) -> None:
        """A change of workers took a step."""
        if not rollout.running:
            self.session.monitor.poke()
        if self.is_mounted:
            self.show_selected()
        for each in self._capabilities:
            each.rollout_changed(rollout)

    # Actions

    def action_do(self, id_: str) -> None:
        """Do what a key, a command, the palette or the mouse asks for."""
        try:
            self.actions.do(id_, self.session)
        except Refused as refusal:
            self.talk.note(Note.of(refusal))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave out what cannot be done now."""
        return action != "do" or self.offers(str(parameters[0]))

    def offers(self, id_: str) -> bool:
        """Whether an action can be done now."""
        return self.actions.allows(id_, self.session)

    def check(self, id_: str) -> None:
        """Raise `Refused` where the session does not allow an action now."""
        self.actions.check(id_, self.session)

    def on_key(self, event: events.Key) -> None:
        """Say why a key does nothing."""
        key = keys_of(self).pressed(event.key, self.all_keys)
        refusal = self.actions.why_not(key, self.session) if key else None
        if refusal:
            note, bad = refusal
            self.talk.note(note, bad=bad)

    def footer_keys(self) -> list[keymap.Key]:
        """The keys of the pane in focus that can be used now."""
        here = keymap.WITHOUT_SERVER if self.away else keymap.footer(self.current)
        keys = here if self.session.can_act else keymap.WATCHING
        keys = [key for key in keys if self.offers(key.id)]
        for each in self._capabilities:
            keys = each.footer(keys)
        return keys

    def action_help(self) -> None:
        """Show the keys; on a number, what it means."""
        from tsmon.tui.screens.help import Help

        on_number = self.current is PaneName.METRICS
        chosen = self.metrics_pane.chosen.title if on_number else ""
        first = Group.TIME if on_number else Group(self.current.value.capitalize())
        self.talk.push(
            Help(
                read_only=self.session.read_only,
                pane=self.current,
                chosen=chosen,
                first=first,
                footer=self.footer_keys(),
            )
        )

    def action_explain(self, measure: str) -> None:
        """Explain the number of the metrics that was clicked."""
        self.focus_pane(PaneName.METRICS)
        self.metrics_pane.choose_measure(measure)
        self.action_help()

    # What the panes ask for

    def on_models_pane_selected(self, message: ModelsPane.Selected) -> None:
        """The cursor moved to another version."""
        self.selected = message.key

    def on_table_pane_opened(self) -> None:
        """Enter on a model or a worker."""
        self.action_do("model.open")

    def on_digits_pane_send(self) -> None:
        """Enter in the list of images."""
        self.action_do("digits.send")

    def on_digits_pane_targeted(self) -> None:
        """Pane 4 is about another version."""
        self.sending.show_answers()

    @on(TimeAxis.Pointed)
    @on(Chart.Pointed)
    def look_at_age(self, message: TimeAxis.Pointed | Chart.Pointed) -> None:
        """Look at the moment that was clicked, or at that of the event there."""
        self.past.look_at_age(message.age_s)

    def on_version_details_chosen(self, message: VersionDetails.Chosen) -> None:
        """Look at the moment of an event."""
        self.past.look_at_event(message.event)

    # What capabilities and commands ask for

    def select(self, key: ModelKey) -> None:
        """Select a version, whose row the cursor follows."""
        self.selected = key
        self.models_pane.go_to(key)

    def chosen(self) -> ModelStatus | None:
        """The selected version as it is now, if the server has it; otherwise say so."""
        model = self.model
        if model is not None and self.session.can_act:
            model = self.session.monitor.latest.model(model.key) or model
        if model is None:
            self.talk.note(NO_MODEL)
        elif model.gone:
            gone = f"{model.key} is gone: {model.gone}"
            way_on = (
                "{model.register} registers it again, {model.unregister} removes it from the list"
            )
            self.talk.note(Note(gone, way_on))
            return None
        return model

    def do_for(self, key: ModelKey | None, id_: str) -> None:
        """Do for a version, or for the server, what a key does."""
        if key is not None:
            self.models_pane.go_to(key)
            self.selected = key
        self.action_do(id_)

    def forget(self, key: ModelKey) -> None:
        """Let go of a version that is not, or soon will not be, on the server."""
        self.session.monitor.dismiss(key)
        self.session.monitor.poke()
        self.rollouts.forget(key)
