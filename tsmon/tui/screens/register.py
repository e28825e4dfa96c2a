"""The dialog that registers an archive."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from tsmon.torchserve.changes import register_change
from tsmon.torchserve.errors import MODEL_API_HINT, ApiError, InvalidArgument
from tsmon.torchserve.management import Management, Registration
from tsmon.tui.screens.archive_list import ArchiveListDialog, is_new
from tsmon.tui.state.registration import Registered, register, registration_refusal
from tsmon.tui.text.notes import Note
from tsmon.tui.text.preview import PreviewRow, preview_change
from tsmon.tui.text.tones import Tone, line
from tsmon.tui.widgets.field import Field, FieldColumns
from tsmon.tui.widgets.motion import Choices

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelKey


class RegisterDialog(ArchiveListDialog[Registered]):
    """Choose an archive of the model store, or name any; enter registers it."""

    HEADING: ClassVar[str] = "Register a model"
    ACCEPT: ClassVar[str] = "Register"
    AUTO_FOCUS = "#archives"

    def __init__(
        self,
        management: Management,
        model_store: Path | None,
        known: Collection[ModelKey],
        *,
        model_api: bool | None,
    ) -> None:
        super().__init__(model_store, known)
        self._management = management
        self._model_api = model_api

    def body(self) -> ComposeResult:
        """The archives, then what is known about one."""
        if self._model_api is False:
            words = line(
                ("The model API of this server is disabled: ", Tone.WARNING),
                (MODEL_API_HINT, Tone.PLAIN),
            )
            yield Static(words, classes="explanation")
        yield Static(_where(self._model_store), id="store")
        yield Choices(id="archives", compact=True)
        yield Field("archive or URL", id="url", placeholder="mnist.mar, https://…, file:///…")
        yield Field("model name", id="name", placeholder="as in the archive")
        with FieldColumns():
            with Vertical():
                yield Field("workers", "1", id="workers", number=True)
                yield Field("response time-out, s", id="response", number=True, placeholder="120")
                yield Field("start-up time-out, s", id="startup", number=True, placeholder="120")
            with Vertical():
                yield Field("batch size", id="batch", number=True, placeholder="1")
                yield Field("batch delay, ms", id="delay", number=True, placeholder="100")
        yield Static(id="preview", classes="explanation")

    def first(self) -> int:
        """The first that is not registered."""
        return next((at for at, each in enumerate(self._archives) if is_new(each, self._known)), 0)

    def no_archives(self) -> None:
        """Say that the model store has no archives."""
        self.query_one("#store", Static).update(f"No archives in {self._model_store}.")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show the request while it is filled in."""
        event.stop()
        try:
            wanted = self._registration()
            change = register_change(wanted.parameters())
        except InvalidArgument:  # reported once it is to be sent
            shown = Content("")
        else:
            shown = preview_change(self._rows(wanted), [change])
        self.query_one("#preview", Static).update(shown)

    def _rows(self, wanted: Registration) -> list[PreviewRow]:
        """The first version of a model becomes its default one."""
        rows = [("workers", "0", str(wanted.initial_workers))]
        archive = self.archive_named(wanted.url)
        name = self._name_of(wanted)
        if archive and name not in {key.name for key in self._known}:
            rows.insert(0, ("default", "none", archive.version))
        return rows

    def accept(self) -> None:
        """Send it; the answer may take as long as the server needs to unpack or download."""
        try:
            wanted = self._registration()
            wanted.parameters()
        except InvalidArgument as error:
            self.show_note(Note.of(error))
            return
        self.carry_out(self._register(wanted), "the server is unpacking the archive …")

    async def _register(self, wanted: Registration) -> None:
        try:
            done = await register(self._management, wanted, self._name_of(wanted), self._known)
        except ApiError as error:
            self.show_note(registration_refusal(error))
        else:
            self.dismiss(done)

    def _registration(self) -> Registration:
        def field(name: str) -> Field:
            return self.query_one(f"#{name}", Field)

        return Registration(
            url=field("url").text,
            model_name=field("name").text or None,
            initial_workers=field("workers").number or 0,
            batch_size=field("batch").number,
            max_batch_delay=field("delay").number,
            response_timeout=field("response").number,
            startup_timeout=field("startup").number,
        )

    def _name_of(self, wanted: Registration) -> str:
        """The model's name as far as it is known before the server says it."""
        archive = self.archive_named(wanted.url)
        return wanted.model_name or (archive.model_name if archive else "")


def _where(model_store: Path | None) -> str:
    if model_store is None:
        return "This server's model store is not known here; enter the name of an archive in it."
    return f"Archives in {model_store}:"
