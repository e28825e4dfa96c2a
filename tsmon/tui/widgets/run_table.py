"""Load runs as rows of a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tsmon.tui.text.runs import run_name, run_pace
from tsmon.tui.text.tones import Tone
from tsmon.tui.widgets.columns import Cell, TableColumn
from tsmon.units import ABSENT, count, duration, milliseconds, per_second

if TYPE_CHECKING:
    from tsmon.load.run.record import PastRun

MARK = "*"


def run_columns(is_marked: Callable[[PastRun], bool]) -> tuple[TableColumn[PastRun], ...]:
    """From left to right; which version it was takes what room is left."""
    return (
        TableColumn(
            "mark", "", 1, cell=lambda run: Cell(MARK if is_marked(run) else "", Tone.ACCENT)
        ),
        TableColumn(
            "started", "STARTED", 11,
            cell=lambda run: Cell(f"{run.started.astimezone():%d %b %H:%M}", Tone.MUTED),
        ),
        TableColumn("model", "MODEL", 0, cell=lambda run: Cell(run_name(run))),
        TableColumn("load", "LOAD", 20, rank=3, cell=lambda run: Cell(run_pace(run), Tone.MUTED)),
        _number("rate", "REQ/S", 8, 0, lambda run: _throughput(run)),
        _time("p50", 5),
        _time("p95", 1),
        _time("p99", 2),
        TableColumn("failed", "FAILED", 7, right=True, cell=_failed),
        _number("sent", "SENT", 9, 4, lambda run: count(run.sent)),
        _number("for", "FOR", 6, 6, lambda run: duration(run.seconds)),
        TableColumn(
            "ended", "ENDED", 13, rank=7,
            cell=lambda run: Cell(run.ending or ABSENT, Tone.MUTED),
        ),
    )  # fmt: skip


def _throughput(run: PastRun) -> str:
    """Its throughput, or the dash."""
    return ABSENT if run.throughput is None else per_second(run.throughput)


def _number(
    id_: str, label: str, width: int, rank: int, write: Callable[[PastRun], str]
) -> TableColumn[PastRun]:
    return TableColumn(id_, label, width, right=True, rank=rank, cell=lambda run: Cell(write(run)))


def _time(field: str, rank: int) -> TableColumn[PastRun]:
    def write(run: PastRun) -> str:
        return milliseconds(getattr(run.latency, field)) if run.latency else ABSENT

    return _number(field, field.upper(), 8, rank, write)


def _failed(run: PastRun) -> Cell:
    share = run.failed / run.sent if run.sent else 0.0
    words = f"{share:.1%}" if run.failed and share >= 0.001 else count(run.failed)
    return Cell(words, Tone.BAD if run.failed else Tone.MUTED)
