"""The monitor as something to act with: each action asks, calls a lower layer and tells the end."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

from tsmon.load.capacity.advice import Advice, advise
from tsmon.load.capacity.machine import machine_of
from tsmon.load.capacity.prediction import Target
from tsmon.load.capacity.situation import situation_of
from tsmon.telemetry.snapshot import ModelKey, ModelStatus, ServerState
from tsmon.telemetry.traffic import WINDOW_S
from tsmon.torchserve.addresses import MANAGEMENT_PORT
from tsmon.torchserve.tokens import KeyFileError, parse_key_file
from tsmon.tui.format import plural
from tsmon.tui.keymap import PaneName
from tsmon.tui.messages import DemoWanted, ServerOpened
from tsmon.tui.notes import Note
from tsmon.tui.screens.archive import ArchiveDialog
from tsmon.tui.screens.ask import AskPath
from tsmon.tui.screens.confirm import Confirm
from tsmon.tui.screens.describe import Describe
from tsmon.tui.screens.experimenting import ExperimentingScreen
from tsmon.tui.screens.help import Help
from tsmon.tui.screens.register import RegisterDialog
from tsmon.tui.screens.scale import ScaleDialog
from tsmon.tui.screens.start_server import StartServerDialog
from tsmon.tui.screens.welcome import FirstStep, Welcome
from tsmon.tui.widgets.metrics_pane import MetricsPane
from tsmon.tui.widgets.models_pane import ModelsPane


class MonitorScreen(ExperimentingScreen):
    """The one screen; dialogs open above it."""

    _welcomed = False

    # Models

    def action_register(self) -> None:
        """Register an archive."""
        self._do(self._register())

    async def _register(self) -> None:
        snapshot = self.session.monitor.latest
        dialog = RegisterDialog(
            self.session.client.management,
            self.options.model_store,
            [model.key for model in snapshot.models if not model.gone],
            model_api=snapshot.server.model_api,
        )
        done = await self.app.push_screen_wait(dialog)
        if done is None:
            return
        self.session.monitor.poke()
        if done.key is None or done.model is None:
            self.note(Note(done.message), bad=False)
            return
        self.query_one(ModelsPane).select(done.key)
        if done.model.min_workers:
            self.rollouts.watch(done.key, done.model.min_workers)
            self.note(Note(f"{done.key} is registered"), bad=False)
        else:
            self.note(Note(done.message), bad=False)
        if done.differences:
            self.note(
                Note("the archive's own settings won", "; ".join(done.differences)), bad=False
            )

    def action_unregister(self) -> None:
        """Remove the selected version; one that is gone only leaves the screen."""
        if self.model and self.model.gone:
            self._dismiss(self.model.key)
        elif model := self._chosen():
            self._do(self._unregister(model))

    def _dismiss(self, key: ModelKey) -> None:
        """Let go of a version that is not, or soon will not be, on the server."""
        self.session.monitor.dismiss(key)
        self.session.monitor.poke()
        self.rollouts.forget(key)

    async def _unregister(self, model: ModelStatus) -> None:
        others = [
            other
            for other in self.session.monitor.latest.models
            if other.key.name == model.key.name and other.key != model.key and not other.gone
        ]
        if model.is_default and others:
            self.note(
                Note(
                    f"{model.key} is the default version; TorchServe removes it only as the last",
                    "select another version and make it the default with D first",
                )
            )
            return
        if not await self.app.push_screen_wait(Confirm(f"Unregister {model.key}?", _loss(model))):
            return
        await self.session.client.management.unregister(model.key.name, model.key.version)
        self._dismiss(model.key)
        self.note(Note(f"{model.key} is unregistered"), bad=False)

    def action_set_default(self) -> None:
        """Make the selected version the default one."""
        model = self._chosen()
        if model and model.is_default:
            self.note(Note(f"{model.key} is the default version already"), bad=False)
        elif model:
            self._do(self._set_default(model.key))

    async def _set_default(self, key: ModelKey) -> None:
        await self.session.client.management.set_default(key.name, key.version)
        self.session.monitor.poke()
        self.note(
            Note(f"requests to {key.name} without a version go to {key.version} now"), bad=False
        )

    def action_describe(self) -> None:
        """Show all that the server tells of the selected version."""
        model = self._chosen()
        if model and self.session.can_act:
            self._do(self._describe(model.key))
        elif model:
            self.app.push_screen(Describe(model.described))

    async def _describe(self, key: ModelKey) -> None:
        described = await self.session.client.management.describe(key.name, key.version)
        self.app.push_screen(Describe(described))

    def action_archive(self) -> None:
        """Package a model."""
        self._do(self._archive())

    async def _archive(self) -> None:
        folder = self.options.model_store or Path.cwd()
        path = await self.app.push_screen_wait(ArchiveDialog(folder))
        if path:
            self.note(Note(f"built {path}", "r registers it"), bad=False)

    # Workers

    def action_scale_by(self, change: int) -> None:
        """One worker more or fewer."""
        model = self._chosen()
        if model:
            self._set_workers(model, self._planned(model) + change)

    def action_scale(self) -> None:
        """Ask for a number of workers."""
        model = self._chosen()
        if model:
            self._do(self._scale(model))

    async def _scale(self, model: ModelStatus) -> None:
        advice = await asyncio.to_thread(self._advice, model)
        local = self.session.is_local
        dialog = ScaleDialog(model, self._planned(model), local=local, advice=advice)
        target = await self.app.push_screen_wait(dialog)
        if target is not None:
            self._set_workers(model, target)

    def _advice(self, model: ModelStatus) -> Advice | None:
        """How many workers the traffic of the last minute needs. It reads the process table."""
        past = self.session.monitor.past
        recent = past.since(self.session.monitor.latest.at.monotonic - WINDOW_S)
        situation = situation_of(recent, model.key, machine_of(model))
        return advise(situation, Target()) if situation else None

    def _planned(self, model: ModelStatus) -> int:
        """How many workers there are, or will be when the change under way is done."""
        return self.rollouts.target(model.key, model.wanted)

    def _set_workers(self, model: ModelStatus, target: int) -> None:
        """Change the number at once, so that the next press counts from it; ask before 0."""
        settled = target == self._planned(model) == len(model.workers)
        if target < 0 or settled:
            return
        if target == 0:
            self._do(self._remove_workers(model))
        else:
            self.rollouts.scale(model.key, len(model.workers), target)

    async def _remove_workers(self, model: ModelStatus) -> None:
        words = "Every request to it is refused with 503 until it has a worker again."
        if await self.app.push_screen_wait(Confirm(f"No workers for {model.key}?", words)):
            self.rollouts.scale(model.key, len(model.workers), 0)

    # Server

    def action_key_file(self) -> None:
        """Ask for another key file."""
        words = "TorchServe writes key_file.json into the folder it was started in."
        start = self.session.client.keys.path
        self.app.push_screen(AskPath("Key file", words, start, self._use_key_file))

    async def _use_key_file(self, path: Path) -> None:
        try:
            parse_key_file(await asyncio.to_thread(path.read_text))
        except OSError as error:
            raise KeyFileError(f"cannot read {path}: {error.strerror or error}") from None
        self.session.client.keys.path = path
        self.session.monitor.poke()

    def action_start_server(self) -> None:
        """Start a server here."""
        self._do(self._start_server())

    async def _start_server(self) -> None:
        port = urlsplit(self.session.client.addresses.management).port or MANAGEMENT_PORT
        dialog = StartServerDialog(self.options.server_home, self.options.model_store, port)
        opened = await self.app.push_screen_wait(dialog)
        if opened:
            self.post_message(ServerOpened(opened.record, started=opened.started))

    def watch_snapshot(self) -> None:
        """Show a tick; where no server answers from the start, offer the first steps."""
        super().watch_snapshot()
        away = self.snapshot is not None and self.snapshot.server.state is ServerState.AWAY
        if self.options.welcome and not self._welcomed:
            self._welcomed = True
            if away and self.session.can_act:
                self._do(self._welcome())

    async def _welcome(self) -> None:
        step = await self.app.push_screen_wait(Welcome(self.session.monitor.latest.server.label))
        if step is FirstStep.DEMO:
            self.post_message(DemoWanted())
        elif step is FirstStep.START:
            self.action_start_server()

    def action_help(self) -> None:
        """Show the keys; on a number, what it means."""
        on_number = self.current is PaneName.METRICS
        chosen = self.query_one(MetricsPane).chosen.title if on_number else ""
        read_only = self.session.read_only
        self.app.push_screen(Help(read_only=read_only, pane=self.current, chosen=chosen))

    def action_explain(self, measure: str) -> None:
        """Tell what the number of the metrics means that was clicked."""
        self.action_focus_pane(PaneName.METRICS)
        self.query_one(MetricsPane).choose_measure(measure)
        self.action_help()


def _loss(model: ModelStatus) -> str:
    """What is lost with a version."""
    queue = model.described.queue
    waiting = f" {queue.pending} requests are waiting for it." if queue and queue.pending else ""
    return (
        f"Its {plural(len(model.workers), 'worker')} will stop, requests to it get 404.{waiting} "
        "The archive stays in the model store, unless it was registered from a URL."
    )
