"""The monitor as something to act with: each action asks, calls a lower layer and tells the end."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

from tsmon.telemetry.snapshot import ModelKey, ServerState
from tsmon.torchserve.addresses import MANAGEMENT_PORT
from tsmon.torchserve.tokens import KeyFileError, parse_key_file
from tsmon.tui.keymap import Group, PaneName
from tsmon.tui.messages import DemoWanted, ServerOpened
from tsmon.tui.notes import Note
from tsmon.tui.screens.archive import ArchiveDialog
from tsmon.tui.screens.ask import AskPath
from tsmon.tui.screens.describe import Describe
from tsmon.tui.screens.help import Help
from tsmon.tui.screens.replacing import ReplacingScreen
from tsmon.tui.screens.start_server import StartServerDialog
from tsmon.tui.screens.welcome import FirstStep, Welcome
from tsmon.tui.widgets.metrics_pane import MetricsPane
from tsmon.tui.widgets.models_pane import ModelsPane


class MonitorScreen(ReplacingScreen):
    """The one screen; dialogs open above it."""

    _welcomed = False

    # Models

    def action_describe(self) -> None:
        """Show all that the server tells of the selected version."""
        model = self._chosen()
        if model and self.session.can_act:
            self._ask(self._describe(model.key))
        elif model:
            self.app.push_screen(Describe(model.described))

    async def _describe(self, key: ModelKey) -> None:
        described = await self.session.client.management.describe(key.name, key.version)
        self.app.push_screen(Describe(described))

    def action_archive(self) -> None:
        """Package a model."""
        self._ask(self._archive())

    async def _archive(self) -> None:
        folder = self.options.model_store or Path.cwd()
        path = await self.app.push_screen_wait(ArchiveDialog(folder))
        if path:
            self.note(Note(f"built {path}", "{model.register} registers it"), bad=False)

    def go_to_model(self, key: ModelKey) -> None:
        """Select a version; a filter that hides it goes away."""
        pane = self.query_one(ModelsPane)
        pane.clear_filter()
        pane.select(key)

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
        self._ask(self._start_server())

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
        first = Group.TIME if on_number else Group(self.current.value.capitalize())
        self.app.push_screen(
            Help(read_only=read_only, pane=self.current, chosen=chosen, first=first)
        )

    def action_explain(self, measure: str) -> None:
        """Tell what the number of the metrics means that was clicked."""
        self.action_focus_pane(PaneName.METRICS)
        self.query_one(MetricsPane).choose_measure(measure)
        self.action_help()
