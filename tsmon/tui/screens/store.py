"""The archives of the model store; enter serves one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from tsmon.serving.model_store import ArchiveInfo, BadArchive, list_archives
from tsmon.threads import in_thread
from tsmon.tui import keymap
from tsmon.tui.keymap.active import keys_of
from tsmon.tui.screens.full_page import Page
from tsmon.tui.text.notes import Note
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.widgets.archive_table import ARCHIVE_COLUMNS, ShownArchive
from tsmon.tui.widgets.columns import cells_of
from tsmon.tui.widgets.long_table import LongTable
from tsmon.tui.widgets.words import Words
from tsmon.units import plural

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelKey, ModelStatus, Snapshot
    from tsmon.tui.keymap import Key
    from tsmon.tui.state.session import Session

STORE_REFRESH_S = 1.0


class Store(Page):
    """A row for each archive, and below it what is special about the one under the cursor."""

    KEYS = (*keymap.STORE_KEYS, *keymap.PAGE_SHARED_KEYS)
    BINDINGS: ClassVar[list[BindingType]] = keymap.bindings(KEYS)
    AUTO_FOCUS = "#archives-table"

    def __init__(
        self,
        session: Session,
        folder: Path,
        *,
        serve: Callable[[ArchiveInfo], None] | None,
        select: Callable[[ModelKey], None],
    ) -> None:
        """`serve` registers one; None where nothing can be registered now."""
        super().__init__(session)
        self._folder = folder
        self._serve = serve
        self._select = select
        self._archives: Sequence[ArchiveInfo | BadArchive] | None = None
        self._files: object = None

    def body(self) -> ComposeResult:
        """What is missing, the table, the archive under the cursor."""
        yield Words(id="page-empty")
        yield LongTable[ShownArchive](
            ARCHIVE_COLUMNS, partial(cells_of, ARCHIVE_COLUMNS), id="archives-table"
        )
        yield Words(id="archive-detail")

    def on_mount(self) -> None:
        """Read the folder, and look for others now and then."""
        self.query_one("#page-empty", Words).say(line(("◌ reading the archives …", Tone.WARNING)))
        self.run_worker(self._follow(), group="reading")

    async def _follow(self) -> None:
        while self.is_open:
            files = await in_thread(_files, self._folder)
            if files != self._files or self._archives is None:
                self._files = files
                self._archives = await in_thread(list_archives, self._folder)
            if self.is_open:
                self._show()
            await asyncio.sleep(STORE_REFRESH_S)

    @property
    def _table(self) -> LongTable[ShownArchive]:
        return self.query_one(LongTable)

    def _show(self) -> None:
        snapshot, archives = self.session.monitor.latest, self._archives or ()
        rows = [ShownArchive(each, registered_from(each, snapshot)) for each in archives]
        longest = max((len(each.archive.path.name) for each in rows), default=0)
        self._table.show(rows, longest={"file": longest})
        self.query_one("#page-empty", Words).say(None if rows else self.why_empty(self._none()))
        self._show_detail()
        self.show_title()

    def _none(self) -> Note:
        if not self._folder.is_dir():
            return Note(f"there is no folder {self._folder}", "{model.archive} builds an archive")
        return Note(f"no archives in {self._folder}", "{model.archive} builds one in the monitor")

    def _show_detail(self) -> None:
        chosen = self._table.chosen
        words: list[Span] = []
        if chosen is not None and isinstance(chosen.archive, BadArchive):
            words = [(str(chosen.archive.error), Tone.BAD)]
        elif chosen is not None and chosen.model is not None:
            words = [(f"registered as {chosen.model.key}: {{store.serve}} shows it", Tone.MUTED)]
        elif chosen is not None and self._serve is not None:
            words = [("{store.serve} registers it with one worker", Tone.MUTED)]
        elif chosen is not None:
            words = [("nothing can be registered from here now", Tone.MUTED)]
        keys = keys_of(self)
        shown = [(keys.expand(text) if tone is Tone.MUTED else text, tone) for text, tone in words]
        self.query_one("#archive-detail", Words).say(line(*shown) if shown else None)

    def headline(self) -> tuple[Sequence[Span], Sequence[Span]]:
        """Which folder, and how much is in it."""
        left: list[Span] = [("Archives", Tone.ACCENT), (str(self._folder), Tone.PLAIN)]
        if self._archives is None:
            return left, []
        snapshot = self.session.monitor.latest
        served = sum(registered_from(each, snapshot) is not None for each in self._archives)
        shown = f"{served} of {plural(len(self._archives), 'archive')} registered"
        return left, [(shown, Tone.MUTED)]

    @property
    def footer_keys(self) -> list[Key]:
        """Serving only where that is possible."""
        return [key for key in super().footer_keys if self._serve or key.id != "store.serve"]

    def on_long_table_moved(self, event: LongTable.Moved) -> None:
        """Another archive is under the cursor."""
        event.stop()
        self._show_detail()

    def on_long_table_opened(self, event: LongTable.Opened) -> None:
        """Enter, or a click on the row that is chosen already."""
        event.stop()
        self.action_serve()

    def action_serve(self) -> None:
        """Register the archive under the cursor, or show what is registered from it."""
        chosen = self._table.chosen
        if chosen is None:
            return
        if chosen.model is not None:
            self.dismiss(None)
            self._select(chosen.model.key)
        elif chosen.info is None:
            self.talk.note(Note("this archive cannot be read", "build it again"))
        elif self._serve is None:
            self.talk.note(Note("nothing can be registered from here now"))
        else:
            self.dismiss(None)
            self._serve(chosen.info)

    def action_copy(self) -> None:
        """Copy the path of the archive."""
        if self._table.chosen is not None:
            self.copy(str(self._table.chosen.archive.path))


def registered_from(archive: ArchiveInfo | BadArchive, snapshot: Snapshot) -> ModelStatus | None:
    """The version that has this archive's file, or its name and version."""
    present = [model for model in snapshot.models if not model.gone]
    for model in present:
        if PurePosixPath(model.described.url).name == archive.path.name:
            return model
    if isinstance(archive, BadArchive):
        return None
    key = (archive.model_name, archive.version)
    return next((model for model in present if model.key == key), None)


def _files(folder: Path) -> list[tuple[str, int, int]]:
    """What the folder has, as far as it shows whether something changed."""
    try:
        found = [(each, each.stat()) for each in folder.iterdir()]
    except OSError:
        return []
    return sorted((each.name, stat.st_size, stat.st_mtime_ns) for each, stat in found)
