"""The model store: its archives on a page, and named where nothing is registered yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsmon.telemetry.snapshot import ServerState
from tsmon.threads import in_thread
from tsmon.torchserve.errors import ApiError
from tsmon.tui.keymap import BY_ID
from tsmon.tui.monitor.capability import Capability, Handlers
from tsmon.tui.monitor.presence import Refused
from tsmon.tui.text.notes import Note

if TYPE_CHECKING:
    from pathlib import Path

    from tsmon.serving.model_store import ArchiveInfo
    from tsmon.tui.keymap import Key
    from tsmon.tui.monitor.screen import MonitorScreen
    from tsmon.tui.monitor.versions import Versions

NO_STORE = Note(
    "the model store of this server is not known here",
    "name its folder with {app.settings}, monitor.model_store; {model.register} registers a URL",
)


class ModelStore(Capability):
    """What lies there is on the server's machine, which has to be this one."""

    def __init__(self, host: MonitorScreen, versions: Versions) -> None:
        super().__init__(host)
        self._versions = versions
        self._looked = False

    def actions(self) -> Handlers:
        """The archives, and the workflows made of them."""
        return {"model.store": self._open, "server.workflows": self._open_workflows}

    def connected(self) -> None:
        """Another server may have nothing registered as well."""
        self._looked = False

    def snapshot_shown(self) -> None:
        """Where nothing is registered, look what could be."""
        snapshot, store = self.host.session.monitor.latest, self.host.options.model_store
        if snapshot.models:
            self._looked = False
        elif store is not None and snapshot.server.state is ServerState.UP and not self._looked:
            self._looked = True
            self.talk.do(self._name_archives(store))

    def footer(self, keys: list[Key]) -> list[Key]:
        """Where nothing is registered, first of all the way to the archives."""
        snapshot, store = self.host.session.monitor.latest, self.host.options.model_store
        if snapshot.models or store is None or not self.host.offers("model.register"):
            return keys
        archives = BY_ID["model.store"]
        return [archives, *(key for key in keys if key != archives)]

    async def _name_archives(self, store: Path) -> None:
        from tsmon.serving.model_store import archive_names

        self.host.models_pane.name_archives(await in_thread(archive_names, store))

    def _open(self) -> None:
        from tsmon.tui.screens.store import Store

        store = self.host.options.model_store
        if store is None:
            self.talk.note(NO_STORE, bad=False)
            return
        can_register = self.host.offers("model.register")
        self.talk.push(
            Store(
                self.host.session,
                store,
                serve=self._serve if can_register else None,
                select=self.host.models_pane.go_to,
            )
        )

    def _open_workflows(self) -> None:
        from tsmon.tui.screens.workflows import WorkflowsPage

        session = self.host.session
        self.talk.push(WorkflowsPage(session, may_change=lambda: self._refusal("model.register")))

    def _refusal(self, id_: str) -> Note | None:
        try:
            self.host.check(id_)
        except Refused as error:
            return Note.of(error)
        return None

    def _serve(self, archive: ArchiveInfo) -> None:
        self.host.check("model.register")
        self.talk.do(self._register(archive))

    async def _register(self, archive: ArchiveInfo) -> None:
        """Register it with one worker, as the dialog does with what it has at first."""
        from tsmon.torchserve.management import Registration
        from tsmon.tui.state.registration import register, registration_refusal

        monitor = self.host.session.monitor
        self.talk.note(Note(f"registering {archive.path.name} with one worker …"), bad=False)
        wanted = Registration(url=archive.path.name, initial_workers=1)
        known = [model.key for model in monitor.latest.models if not model.gone]
        management = self.host.session.client.management
        try:
            done = await register(management, wanted, archive.model_name, known)
        except ApiError as error:
            self.talk.note(registration_refusal(error))
            return
        monitor.poke()
        self._versions.show_registered(done)
