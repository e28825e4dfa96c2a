"""The archives of a model store as rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tsmon.serving.model_store import ArchiveInfo, BadArchive
from tsmon.tui.text.model_state import state_of
from tsmon.tui.text.tones import Tone
from tsmon.tui.widgets.columns import Cell, TableColumn
from tsmon.units import ABSENT, byte_size

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelStatus


class ShownArchive(NamedTuple):
    """An archive, and the version that is registered from it."""

    archive: ArchiveInfo | BadArchive
    model: ModelStatus | None

    @property
    def info(self) -> ArchiveInfo | None:
        """What its manifest says; None where it cannot be read."""
        return self.archive if isinstance(self.archive, ArchiveInfo) else None

    @property
    def tone(self) -> Tone:
        """That of what calls for no other."""
        return Tone.PLAIN if self.info else Tone.MUTED


ArchiveColumn = TableColumn[ShownArchive]


def _text(shown: ShownArchive, field: str) -> Cell:
    return Cell(getattr(shown.info, field, "") or ABSENT, shown.tone)


def _status(shown: ShownArchive) -> Cell:
    if isinstance(shown.archive, BadArchive):
        return Cell("✗ not readable", Tone.BAD)
    if shown.model is None:
        return Cell("○ not registered", Tone.MUTED)
    glyph, word, tone = state_of(shown.model)
    return Cell(f"{glyph} {word}", tone)


def _size(shown: ShownArchive) -> float | None:
    return shown.info.size if shown.info else None


def _date(shown: ShownArchive) -> str:
    return f"{shown.info.modified:%Y-%m-%d %H:%M}" if shown.info else ABSENT


ARCHIVE_COLUMNS: tuple[ArchiveColumn, ...] = (
    ArchiveColumn(
        "file", "ARCHIVE", 0, cell=lambda shown: Cell(shown.archive.path.name, shown.tone),
        value=lambda shown: shown.archive.path.name,
    ),
    ArchiveColumn("model", "MODEL", 12, cell=lambda shown: _text(shown, "model_name")),
    ArchiveColumn("version", "VERSION", 7, cell=lambda shown: _text(shown, "version")),
    ArchiveColumn("status", "STATUS", 16, cell=_status),
    ArchiveColumn(
        "size", "SIZE", 8, right=True, rank=1,
        cell=lambda shown: Cell(byte_size(_size(shown)), shown.tone), value=_size,
    ),
    ArchiveColumn("handler", "HANDLER", 18, rank=3, cell=lambda shown: _text(shown, "handler")),
    ArchiveColumn(
        "date", "DATE", 16, rank=2, cell=lambda shown: Cell(_date(shown), shown.tone), value=_date
    ),
)  # fmt: skip
