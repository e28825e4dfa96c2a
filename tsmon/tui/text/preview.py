"""What a change will make of a version, and the request that does it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from tsmon.tui.text.tones import Span, Tone, line
from tsmon.units import byte_size

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelStatus
    from tsmon.torchserve.changes import Change

PreviewRow = tuple[str, str, str]
"""What it is, how it is now, and how it will be then."""

_LABEL = 9
_WHOLE = 40
"""A request up to this length stands in one line in every dialog."""


def preview_change(rows: Sequence[PreviewRow], changes: Sequence[Change]) -> Content:
    """A line for each row, `now → then`, then the requests as they will be sent."""
    spans: list[Span] = []
    for what, now, then in rows:
        same = now == then
        spans += [
            (f"{what:<{_LABEL}} ", Tone.MUTED),
            (f"{now} → ", Tone.MUTED),
            (f"{then}\n", Tone.MUTED if same else Tone.ACCENT),
        ]
    for change in changes:
        spans += [
            (f"{change.method:<{_LABEL}} ", Tone.MUTED),
            (f"{_fold(change.target)}\n", Tone.PLAIN),
        ]
    if spans:
        last, tone = spans[-1]
        spans[-1] = (last.rstrip("\n"), tone)
    return line(*spans)


def _fold(target: str) -> str:
    """A path and, where both are long, the query in a line of its own, one place to the left."""
    if len(target) <= _WHOLE or "?" not in target:
        return target
    path, query = target.split("?", 1)
    return f"{path}\n{'':<{_LABEL}}?{query}"


def worker_rows(
    model: ModelStatus, now: int, then: int, *, label: str = "workers"
) -> list[PreviewRow]:
    """The number of workers and the memory they take."""
    return [(label, str(now), str(then)), *memory_row(model, now, then)]


def memory_row(
    model: ModelStatus, now: int, then: int, *, passing: bool = False
) -> list[PreviewRow]:
    """The memory of a number of workers, judged by those there are; none while it is not known.

    With `passing` there are so many only for a while.
    """
    sizes = model.worker_memory
    if not sizes:
        return []

    def memory_of(workers: int) -> str:
        if workers == 0:
            return "none"
        if workers == len(sizes):
            return byte_size(sum(sizes))
        return f"about {byte_size(workers * sum(sizes) // len(sizes))}"

    return [("memory", memory_of(now), f"{memory_of(then)}{' temporarily' if passing else ''}")]
