"""The dialog that packages a model as an archive."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Button, Input, Static

from tsmon.serving.archive import BUILT_IN_HANDLERS, ArchiveSpec, build_archive, digit_archive_spec
from tsmon.serving.errors import ArchiveExists, ServingError
from tsmon.threads import in_thread
from tsmon.tui.screens.dialog import Dialog
from tsmon.tui.text.notes import Note
from tsmon.tui.widgets.field import Field
from tsmon.untrusted.files import expand_home


class ArchiveDialog(Dialog[Path]):
    """Names the parts of an archive and has torch-model-archiver build it."""

    HEADING: ClassVar[str] = "Package a model"
    ACCEPT: ClassVar[str] = "Build"

    def __init__(self, export_path: Path) -> None:
        super().__init__()
        self._export_path = export_path
        self._replace = False

    def body(self) -> ComposeResult:
        """The parts, those of the digit model filled in."""
        yield Static(
            Content(
                "torch-model-archiver packs these files into an archive that TorchServe can load."
            ),
            classes="explanation",
        )
        yield Field("model name", id="name")
        yield Field("version", "1.0", id="version")
        yield Field("network", id="model-file", path=True, placeholder="none for TorchScript")
        yield Field("weights", id="weights", path=True)
        yield Field(
            "handler", id="handler", path=True, placeholder="a .py file, or image_classifier"
        )
        yield Field("extra files", id="extra", path=True, placeholder="separated by commas")
        yield Field("into folder", str(self._export_path), id="export", path=True)

    def on_mount(self) -> None:
        """Fill in the digit model, if it is there."""
        try:
            self._fill(digit_archive_spec(self._export_path))
        except ServingError as error:
            self.show_note(Note.of(error))

    def on_input_changed(self, event: Input.Changed) -> None:
        """What was allowed to be replaced may be another archive now."""
        event.stop()
        self._allow_replacing(False)

    def accept(self) -> None:
        """Build the archive from the fields."""
        self.carry_out(self._build(self._spec()), "running torch-model-archiver …")

    async def _build(self, spec: ArchiveSpec) -> None:
        try:
            path = await in_thread(build_archive, spec)
        except ArchiveExists as error:
            self._allow_replacing(True)
            self.show_note(Note(error.message, "the button overwrites it"))
        else:
            self.dismiss(path)

    def _allow_replacing(self, allowed: bool) -> None:
        self._replace = allowed
        self.query_one("#accept", Button).label = "Replace" if allowed else self.ACCEPT

    def _fill(self, spec: ArchiveSpec) -> None:
        texts = {
            "name": spec.model_name,
            "model-file": spec.model_file,
            "weights": spec.serialized_file,
            "handler": spec.handler,
            "extra": ", ".join(map(str, spec.extra_files)),
        }
        for id_, text in texts.items():
            self.query_one(f"#{id_}", Field).text = str(text or "")

    def _spec(self) -> ArchiveSpec:
        def field(name: str) -> Field:
            return self.query_one(f"#{name}", Field)

        handler = field("handler").text
        extra = [part.strip() for part in field("extra").text.split(",")]
        return ArchiveSpec(
            model_name=field("name").text,
            version=field("version").text,
            model_file=field("model-file").path,
            serialized_file=field("weights").path,
            handler=handler if handler in BUILT_IN_HANDLERS else expand_home(handler),
            extra_files=tuple(expand_home(part) for part in extra if part),
            export_path=field("export").path or self._export_path,
            force=self._replace,
        )
