"""The dialog that starts a TorchServe on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from msgspec.structs import replace
from textual.app import ComposeResult
from textual.widgets import Static

from tsmon.serving.errors import AlreadyRunning, BadConfiguration, StartFailed
from tsmon.serving.local_server import LocalServer
from tsmon.serving.plan import ServerPlan
from tsmon.serving.ports import Ports, free_ports
from tsmon.serving.running import find_running
from tsmon.threads import in_thread
from tsmon.torchserve.errors import InvalidArgument
from tsmon.tui.screens.dialog import Dialog
from tsmon.tui.text.notes import Note
from tsmon.tui.text.tones import Tone
from tsmon.tui.widgets.field import Field
from tsmon.units import duration

if TYPE_CHECKING:
    from tsmon.serving.launch import StartProgress
    from tsmon.serving.record import ServerRecord

LAST_LOG_LINES = 6


class Opened(Struct, frozen=True):
    """A server of this machine that can be watched now."""

    record: ServerRecord
    started: bool
    """Whether it was started here and now, or ran already."""


class StartServerDialog(Dialog[Opened]):
    """Starts a server in a thread and shows how far it is; leaving the dialog ends the start."""

    HEADING: ClassVar[str] = "Start a TorchServe here"
    ACCEPT: ClassVar[str] = "Start"

    def __init__(
        self,
        home: Path | None,
        model_store: Path | None,
        management_port: int,
        *,
        read_only: bool = False,
    ) -> None:
        super().__init__()
        self._server = LocalServer(home, read_only=read_only)
        self._model_store = model_store or self._server.home.path / "model-store"
        self._port = management_port
        self._given_up = False

    def body(self) -> ComposeResult:
        """Where it finds its models and where it listens."""
        words = (
            f"Its home is {self._server.home.path}. It requires tokens, publishes Prometheus "
            "counters and allows registering models. It keeps running when you quit the monitor."
        )
        yield Static(words, classes="explanation")
        yield Field("model store", str(self._model_store), id="store", path=True)
        yield Field("management port", str(self._port), id="port", number=True)

    def accept(self) -> None:
        """Start the server with what was entered."""
        try:
            port = self.query_one("#port", Field).number
            if port is None:
                raise InvalidArgument("which management port?", "TorchServe's default is 8081")
        except InvalidArgument as error:
            self.show_note(Note.of(error))
            return
        store = self.query_one("#store", Field).path or self._model_store
        self.carry_out(self._start(store, port), "starting …")

    async def _start(self, store: Path, port: int) -> None:
        try:
            record = await in_thread(self._start_blocking, store, port)
        except AlreadyRunning:
            await self._use_running()
        except StartFailed as error:
            lines = "\n  ".join(error.log_lines[-LAST_LOG_LINES:])
            self.show_note(Note(error.message, f"{error.hint}\n  {lines}" if lines else error.hint))
        except _GivenUp:
            pass
        else:
            self.dismiss(Opened(record, started=True))

    async def _use_running(self) -> None:
        record = await in_thread(find_running, self._server.home)
        if record is None:
            self.show_note(
                Note("a server is already starting from this home", "try again in a moment")
            )
        else:
            self.dismiss(Opened(record, started=False))

    def _start_blocking(self, store: Path, port: int) -> ServerRecord:
        self._server.refuse_when_read_only()
        try:
            store.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadConfiguration(f"Cannot make {store}: {error.strerror or error}") from None
        return self._server.start(
            ServerPlan(model_store=store, ports=ports_around(port)), self._on_progress
        )

    def _on_progress(self, progress: StartProgress) -> None:
        """Called in the thread of the start."""
        if self._given_up:
            raise _GivenUp
        self.app.call_from_thread(self._show, progress)

    def _show(self, progress: StartProgress) -> None:
        self.say((f"◌ {progress.phase}, {duration(progress.elapsed)}", Tone.WARNING))

    def on_unmount(self) -> None:
        """Leaving cancels a start in progress; what it started is ended with it."""
        self._given_up = True


class _GivenUp(Exception):
    """The person does not want the server any more."""


def ports_around(management: int) -> Ports:
    """TorchServe's usual neighbours of a management port; the gRPC ports are any free ones."""
    free = free_ports()
    return replace(free, inference=management - 1, management=management, metrics=management + 1)
