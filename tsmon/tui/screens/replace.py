"""The dialog that chooses what takes the place of a version."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.widgets import Input, Static

from tsmon.serving.archive_url import archive_url
from tsmon.serving.model_store import ArchiveInfo
from tsmon.telemetry.snapshot import ModelKey, ModelStatus
from tsmon.threads import in_thread
from tsmon.torchserve.errors import InvalidArgument
from tsmon.torchserve.registration_of import registration_like
from tsmon.torchserve.replacement import GRACE_S, Probe, ReplacementPlan, plan_replacement
from tsmon.tui.screens.archive_list import ArchiveListDialog, Archives
from tsmon.tui.text.notes import Note
from tsmon.tui.text.preview import PreviewRow, memory_row, preview_change
from tsmon.tui.text.tones import Tone, line
from tsmon.tui.widgets.field import Field
from tsmon.tui.widgets.motion import Choices

if TYPE_CHECKING:
    from tsmon.torchserve.client import TorchServe

_WORDS = (
    "The new version starts beside the old one, with the same workers and settings. It takes over "
    "once they are ready, or is removed again if they fail. Afterwards, callers that name the old "
    "version get a 404."
)


class ReplaceDialog(ArchiveListDialog[ReplacementPlan]):
    """Choose the archive of the new version; enter on it begins."""

    ACCEPT: ClassVar[str] = "Replace"

    def __init__(
        self,
        model: ModelStatus,
        client: TorchServe,
        model_store: Path | None,
        known: Collection[ModelKey],
        *,
        test: Path | None,
    ) -> None:
        """`known` are the versions there are; `test` is a file to try the new one with."""
        super().__init__(model_store, known)
        self._model = model
        self._client = client
        self._test = test

    @property
    def heading(self) -> str:
        """Which version goes."""
        return f"Replace {self._model.key} without downtime"

    def body(self) -> ComposeResult:
        """The archives, what to try the new version with, what will happen."""
        yield Static(_WORDS, classes="explanation")
        yield Choices(id="archives", compact=True)
        yield Field("archive or URL", id="url", placeholder="mnist-2.mar, https://…")
        yield Field(
            "test file", str(self._test or ""), id="test", path=True, placeholder="not sent"
        )
        yield Field("grace, s", f"{GRACE_S:.0f}", id="grace", number=True)
        yield Static(id="preview", classes="explanation")

    def offered(self, found: Archives) -> Archives:
        """Those of a version that is not there; what was packaged for this model stands first."""
        name = self._model.key.name
        new = [
            each
            for each in found
            if isinstance(each, ArchiveInfo) and ModelKey(name, each.version) not in self._known
        ]
        return sorted(new, key=lambda each: each.model_name != name)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what will happen while it is chosen."""
        event.stop()
        self._show_preview()

    def _show_preview(self) -> None:
        words = self.query_one("#preview", Static)
        url = self.query_one("#url", Field).text
        if not url:
            words.update(line(("No archive chosen yet.", Tone.MUTED)))
            return
        model, new = self._model, self._new_version(url)
        plan = ReplacementPlan(
            model.described, model.is_default, registration_like(model.described, url)
        )
        workers = len(model.workers)
        rows: list[PreviewRow] = [
            ("version", model.key.version, new),
            ("workers", str(workers), f"{workers + model.wanted} temporarily, then {model.wanted}"),
            *memory_row(model, workers, workers + model.wanted, passing=True),
        ]
        if model.is_default:
            rows.insert(1, ("default", model.key.version, new))
        words.update(preview_change(rows, plan.changes(new)))

    def _new_version(self, url: str) -> str:
        """The version in an archive, where it can be looked up."""
        archive = self.archive_named(url)
        return archive.version if archive else "NEW"

    def accept(self) -> None:
        """Make the plan, for which the version is looked at once more."""
        try:
            grace = self.query_one("#grace", Field).number or 0
            if not self.query_one("#url", Field).text:
                raise InvalidArgument("no archive given", "enter a .mar file in the model store")
        except InvalidArgument as error:
            self.show_note(Note.of(error))
            return
        self.carry_out(self._plan(float(grace)), "reading the version …")

    async def _plan(self, grace_s: float) -> None:
        key, test = self._model.key, self.query_one("#test", Field).path
        url = archive_url(
            self.query_one("#url", Field).text,
            self._model_store,
            local=self._client.addresses.is_local,
        )
        probe = await in_thread(Probe.of, test) if test else None
        plan = await plan_replacement(
            self._client, key.name, url, version=key.version, probe=probe, grace_s=grace_s
        )
        self.dismiss(plan)
