"""What a tsmon that was killed left behind: a model as an experiment had it, a demo's server."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from textual.content import Content

from tsmon.serving.home import Home
from tsmon.telemetry.snapshot import ModelKey, ServerState
from tsmon.threads import in_thread
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.errors import TorchServeError
from tsmon.tui.monitor.capability import Capability
from tsmon.tui.state.risk import Risk
from tsmon.tui.text.notes import Note

if TYPE_CHECKING:
    from tsmon.load.experiment.unfinished import Unfinished
    from tsmon.serving.record import ServerRecord
    from tsmon.tui.monitor.screen import MonitorScreen


class Leftovers(Capability):
    """Looks for them once a server answers, and asks what to do."""

    def __init__(self, host: MonitorScreen) -> None:
        super().__init__(host)
        self._looked = False

    def connected(self) -> None:
        """Another server may have others."""
        self._looked = False

    def snapshot_shown(self) -> None:
        """Look when the server has answered."""
        session = self.host.session
        up = session.monitor.latest.server.state is ServerState.UP
        if self._looked or not up or not session.can_act or session.read_only:
            return
        self._looked = True
        self.talk.do(self._look())

    async def _look(self) -> None:
        label = self.host.session.client.addresses.label
        orphan = await in_thread(self._orphan, label)
        if orphan is not None and await self._stop(orphan):
            return
        for note in await in_thread(self._unfinished, label):
            await self._put_back(note)

    def _unfinished(self, label: str) -> list[Unfinished]:
        """The experiments on this server that were killed."""
        home = self.host.options.server_home
        if not Home.at(home).unfinished.exists():  # as mostly; what reads notes is large
            return []
        from tsmon.load.experiment.unfinished import abandoned_on

        return abandoned_on(label, home)

    # A server that nothing stops

    def _orphan(self, label: str) -> ServerRecord | None:
        """The server of the home folder, if it is this one and its tsmon was killed."""
        home = Home.at(self.host.options.server_home)
        if not home.record.exists():
            return None
        from tsmon.serving.errors import ServingError
        from tsmon.serving.running import find_running

        try:
            record = find_running(home)
        except ServingError:
            return None
        if record is None or not record.orphaned:
            return None
        return record if Addresses.from_server(record.management).label == label else None

    async def _stop(self, record: ServerRecord) -> bool:
        from tsmon.serving.errors import ServingError
        from tsmon.serving.local_server import LocalServer
        from tsmon.tui.screens.confirm import Confirm, Question

        words = (
            f"The tsmon that started the TorchServe at {record.management} was killed before it "
            "could stop it. Stop the server and its workers now, or leave them running."
        )
        question = Question("Stop the leftover server?", Content(words), Risk.LOSS, "Stop it")

        server = LocalServer(self.host.options.server_home)

        async def stop() -> None:
            try:
                await in_thread(server.stop)
            except ServingError as error:
                raise TorchServeError(str(error), error.hint) from None

        stopped = await self.talk.push_wait(Confirm(question, stop, "stopping …"))
        if stopped:
            self.host.session.monitor.poke()
        else:  # it stays, and no one is asked again
            with suppress(ServingError, OSError):
                await in_thread(server.give_to, None, record)
        return bool(stopped)

    # A model that was not put back

    async def _put_back(self, note: Unfinished) -> None:
        from tsmon.load.experiment.restoring import restore
        from tsmon.tui.screens.confirm import Confirm, Question

        management = self.host.session.client.management
        now = self.host.session.monitor.latest.model(ModelKey(note.model, note.version))
        if now is not None and note.is_as_before(now.described):
            await in_thread(note.drop)
            return
        words = f"{note.words[0].upper()}{note.words[1:]}. Otherwise it stays as it is."
        question = Question(f"Restore {note.model}?", Content(words), Risk.CHANGE, "Restore")

        async def put_back() -> None:
            left = await restore(note, management)
            if not left.done:
                raise TorchServeError(left.message, left.remedy)
            self.talk.note(Note(left.message), bad=False)

        await self.talk.push_wait(Confirm(question, put_back, "restoring it …"))
        self.host.session.monitor.poke()
