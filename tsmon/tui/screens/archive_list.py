"""What dialogs have in common that take an archive of the model store, or name any."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tsmon.serving.model_store import ArchiveInfo, BadArchive, list_archives
from tsmon.telemetry.snapshot import ModelKey
from tsmon.threads import in_thread
from tsmon.tui.screens.above import Result
from tsmon.tui.screens.dialog import Dialog
from tsmon.tui.text.tones import Tone, line
from tsmon.tui.widgets.field import Field
from tsmon.tui.widgets.motion import Choices
from tsmon.units import byte_size

Archives = Sequence[ArchiveInfo | BadArchive]


class ArchiveListDialog(Dialog[Result]):
    """Lists archives at `#archives`; enter or a click on one puts it into `#url` and accepts."""

    def __init__(self, model_store: Path | None, known: Collection[ModelKey]) -> None:
        """`known` are the versions there are."""
        super().__init__()
        self._model_store = model_store
        self._known = frozenset(known)
        self._archives: Archives = ()

    def offered(self, found: Archives) -> Archives:
        """Which archives of the store to list, and in which order."""
        return found

    def first(self) -> int:
        """The archive that the cursor is on at first."""
        return 0

    def no_archives(self) -> None:
        """There are none to list."""

    def on_mount(self) -> None:
        """Look into the model store."""
        self.query_one("#archives", OptionList).display = False
        self.run_worker(self._list())

    async def _list(self) -> None:
        if self._model_store is not None:
            self._archives = self.offered(await in_thread(list_archives, self._model_store))
        archives = self.query_one("#archives", Choices)
        archives.type_ahead = True
        archives.display = bool(self._archives)
        archives.add_options(
            [Option(describe_archive(each, self._known)) for each in self._archives]
        )
        if self._archives:
            archives.highlighted = self.first()
            archives.focus()
            return
        self.query_one("#url Input").focus()
        if self._model_store is not None:
            self.no_archives()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Take the archive's file name."""
        event.stop()
        self.query_one("#url", Field).text = self._archives[event.option_index].path.name

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click on an archive."""
        event.stop()
        if not self.busy:
            self.accept()

    def archive_named(self, url: str) -> ArchiveInfo | None:
        """The archive of the store that this is, if it is one."""
        found = next((each for each in self._archives if each.path.name == url), None)
        return found if isinstance(found, ArchiveInfo) else None


def describe_archive(archive: ArchiveInfo | BadArchive, known: Collection[ModelKey]) -> Content:
    """One line of the list."""
    if isinstance(archive, BadArchive):
        message = archive.error.message.replace(str(archive.path), archive.path.name)
        return line(("✗ ", Tone.BAD), (message, Tone.MUTED))
    new = is_new(archive, known)
    return line(
        (f"{'○' if new else '●'} {archive.path.name:<16} ", Tone.PLAIN if new else Tone.MUTED),
        (f"{archive.model_name} {archive.version}", Tone.PLAIN if new else Tone.MUTED),
        ("" if new else "  registered", Tone.GOOD),
        (f"  {byte_size(archive.size)}", Tone.MUTED),
    )


def is_new(archive: ArchiveInfo | BadArchive, known: Collection[ModelKey]) -> bool:
    """Whether no version that there is comes from it."""
    return (
        isinstance(archive, ArchiveInfo)
        and ModelKey(archive.model_name, archive.version) not in known
    )
