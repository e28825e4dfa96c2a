"""The dialog that registers an archive."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tsmon.serving.model_store import ArchiveInfo, BadArchive, list_archives
from tsmon.telemetry.snapshot import ModelKey
from tsmon.torchserve.changes import register_change
from tsmon.torchserve.errors import MODEL_API_HINT, ApiError, InvalidArgument
from tsmon.torchserve.management import Management, Registration
from tsmon.tui.screens.dialog import Dialog
from tsmon.tui.state.registration import Registered, refusal, register
from tsmon.tui.text.notes import Note
from tsmon.tui.text.preview import PreviewRow, preview
from tsmon.tui.text.tones import Tone, line
from tsmon.tui.widgets.field import Field, FieldColumns
from tsmon.tui.widgets.motion import Choices
from tsmon.units import byte_size

Archives = Sequence[ArchiveInfo | BadArchive]


class RegisterDialog(Dialog[Registered]):
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
        super().__init__()
        self._management = management
        self._model_store = model_store
        self._known = frozenset(known)
        self._model_api = model_api
        self._archives: Archives = ()

    def body(self) -> ComposeResult:
        """The archives, then what can be told about one."""
        if self._model_api is False:
            words = line(
                ("The model API of this server is off: ", Tone.WARNING),
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
                yield Field("response limit, s", id="response", number=True, placeholder="120")
                yield Field("start-up limit, s", id="startup", number=True, placeholder="120")
            with Vertical():
                yield Field("batch size", id="batch", number=True, placeholder="1")
                yield Field("batch delay, ms", id="delay", number=True, placeholder="100")
        yield Static(id="preview", classes="explanation")

    def on_mount(self) -> None:
        """Look into the model store."""
        self.query_one("#archives", OptionList).display = False
        self.run_worker(self._list())

    async def _list(self) -> None:
        if self._model_store is None:
            self.query_one("#url Input").focus()
            return
        self._archives = await asyncio.to_thread(list_archives, self._model_store)
        archives = self.query_one("#archives", OptionList)
        archives.display = bool(self._archives)
        archives.add_options([Option(describe(archive, self._known)) for archive in self._archives])
        if not self._archives:
            self.query_one("#url Input").focus()
            self.query_one("#store", Static).update(f"No archives in {self._model_store}.")
            return
        archives.highlighted = next(
            (at for at, archive in enumerate(self._archives) if _is_new(archive, self._known)), 0
        )
        archives.focus()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Take the archive's file name."""
        event.stop()
        self.query_one("#url", Field).text = self._archives[event.option_index].path.name

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click on an archive registers it."""
        event.stop()
        if not self.busy:
            self.accept()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show the request while it is filled in."""
        event.stop()
        try:
            wanted = self._registration()
            change = register_change(wanted.parameters())
        except InvalidArgument:  # told once it is to be sent
            shown = Content("")
        else:
            shown = preview(self._rows(wanted), [change])
        self.query_one("#preview", Static).update(shown)

    def _rows(self, wanted: Registration) -> list[PreviewRow]:
        """The first version of a model becomes its default one."""
        rows = [("workers", "0", str(wanted.initial_workers))]
        archive = self._archive(wanted)
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
            self.tell(Note.of(error))
            return
        self.carry_out(self._register(wanted), "the server unpacks the archive …")

    async def _register(self, wanted: Registration) -> None:
        try:
            done = await register(self._management, wanted, self._name_of(wanted), self._known)
        except ApiError as error:
            self.tell(refusal(error))
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
        """The model's name as far as it is known before the server tells it."""
        archive = self._archive(wanted)
        return wanted.model_name or (archive.model_name if archive else "")

    def _archive(self, wanted: Registration) -> ArchiveInfo | None:
        """The archive of the store that is wanted, if it is one."""
        found = next((each for each in self._archives if each.path.name == wanted.url), None)
        return found if isinstance(found, ArchiveInfo) else None


def _where(model_store: Path | None) -> str:
    if model_store is None:
        return "The model store of this server is not known here; name an archive in it."
    return f"Archives in {model_store}:"


def describe(archive: ArchiveInfo | BadArchive, known: Collection[ModelKey]) -> Content:
    """One line of the list."""
    if isinstance(archive, BadArchive):
        message = archive.error.message.replace(str(archive.path), archive.path.name)
        return line(("✗ ", Tone.BAD), (message, Tone.MUTED))
    new = _is_new(archive, known)
    return line(
        (f"{'○' if new else '●'} {archive.path.name:<16} ", Tone.PLAIN if new else Tone.MUTED),
        (f"{archive.model_name} {archive.version}", Tone.PLAIN if new else Tone.MUTED),
        ("" if new else "  registered", Tone.GOOD),
        (f"  {byte_size(archive.size)}", Tone.MUTED),
    )


def _is_new(archive: ArchiveInfo | BadArchive, known: Collection[ModelKey]) -> bool:
    return (
        isinstance(archive, ArchiveInfo)
        and ModelKey(archive.model_name, archive.version) not in known
    )
