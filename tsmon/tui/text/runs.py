"""Load runs in words: how they were sent, and two of them beside each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.tui.text.load import PERCENTILES, RUN_LETTERS, RUN_TONES
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.units import ABSENT, confidence, count, duration, milliseconds, per_second

if TYPE_CHECKING:
    from textual.content import Content

    from tsmon.load.run.record import PastRun

MOST_LABEL, DIFFERENCE = 24, 10
MOST_ACROSS = 20
"""Columns of one run."""
LEAST_ACROSS = 12
SAME = 0.005
"""Values that differ by less than this share count as equal."""


def run_name(run: PastRun) -> str:
    """The version it was sent to."""
    return f"{run.model} {run.version or ''}".strip()


def run_pace(run: PastRun) -> str:
    """How it was sent: `closed, 10 in flight`, `open, 200/s`."""
    if run.rate is None:
        return f"closed, {run.concurrency} in flight"
    return f"open, {per_second(run.rate)}{' random' if run.poisson else ''}"


def _loop(run: PastRun) -> str:
    """The same without what has a row of its own."""
    return "closed loop" if run.rate is None else run_pace(run)


class _Row(Struct, frozen=True):
    """A line of the comparison."""

    label: str
    cells: tuple[str, ...]
    difference: str = ""
    tone: Tone = Tone.PLAIN


def format_runs(runs: Sequence[PastRun], width: int) -> Content:
    """One run, or two with what differs between them."""
    rows = [*_settings(runs), *_results(runs), *_causes(runs)]
    label = min(max(len(row.label) for row in rows) + 1, MOST_LABEL, width // 3)
    across = (width - label - (DIFFERENCE if len(runs) > 1 else 0)) // len(runs)
    across = max(min(across, MOST_ACROSS), LEAST_ACROSS)
    heads = [
        (f"{letter if len(runs) > 1 else '':>{across}}", tone)
        for letter, tone, _ in zip(RUN_LETTERS, RUN_TONES, runs, strict=False)
    ]
    spans: list[Span] = [(" " * label, Tone.PLAIN), *heads]
    for row in rows:
        spans.append((f"\n{_cut(row.label, label):<{label}}", Tone.MUTED))
        spans += [(f"{_cut(cell, across):>{across}}", Tone.PLAIN) for cell in row.cells]
        spans.append((f"{row.difference:>{DIFFERENCE}}" if row.difference else "", row.tone))
    return line(*spans)


def _cut(cell: str, width: int) -> str:
    return cell if len(cell) < width else f"{cell[: width - 2]}…"


def _settings(runs: Sequence[PastRun]) -> Iterator[_Row]:
    for label, words in (
        ("started", lambda run: f"{run.started.astimezone():%d %b %H:%M:%S}"),
        ("model", run_name),
        ("load", _loop),
        ("in flight", lambda run: count(run.concurrency)),
        ("for", lambda run: duration(run.seconds)),
        ("ended", lambda run: run.ending or ABSENT),
    ):
        cells = tuple(words(run) for run in runs)
        differs = len(set(cells)) > 1 and label not in {"started", "for"}
        yield _Row(label, cells, "differs" if differs else "", Tone.WARNING)


def _results(runs: Sequence[PastRun]) -> Iterator[_Row]:
    yield _measured(runs, "sent", lambda run: float(run.sent), _whole, better=0)
    yield _measured(runs, "answered", lambda run: run.throughput, per_second, better=1)
    for name, field in PERCENTILES.items():
        yield _measured(runs, name, partial(_time, field=field), milliseconds)
    yield _measured(runs, "failed", lambda run: _share(run.failed, run.sent), _percentage)
    yield _measured(runs, "correct", lambda run: run.accuracy, confidence, better=1)


def _measured(
    runs: Sequence[PastRun],
    label: str,
    read: Callable[[PastRun], float | None],
    write: Callable[[float], str],
    *,
    better: int = -1,
) -> _Row:
    """`better` is 1 where more is better, -1 where less is, 0 where neither."""
    values = [read(run) for run in runs]
    cells = tuple(ABSENT if value is None else write(value) for value in values)
    first, *others = values
    if not others or first is None or others[0] is None:
        return _Row(label, cells)
    change = others[0] - first
    if abs(change) <= SAME * abs(first):
        return _Row(label, cells, "same", Tone.MUTED)
    tone = Tone.PLAIN if not better else Tone.GOOD if change * better > 0 else Tone.BAD
    return _Row(label, cells, f"{change / first:+,.0%}" if first else "more", tone)


def _time(run: PastRun, field: str) -> float | None:
    return getattr(run.latency, field) if run.latency else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _whole(value: float) -> str:
    return count(round(value))


def _percentage(share: float) -> str:
    return f"{share:.1%}" if share else "0"


def _causes(runs: Sequence[PastRun]) -> Iterator[_Row]:
    """How many requests failed of which cause, whatever the server said."""
    sums = [_labels(run) for run in runs]
    for label in dict.fromkeys(label for each in sums for label in each):
        cells = tuple(count(each[label]) if label in each else ABSENT for each in sums)
        yield _Row(f"✗ {label}", cells)


def _labels(run: PastRun) -> dict[str, int]:
    found: dict[str, int] = {}
    for cause, number in run.causes.items():
        found[cause.label] = found.get(cause.label, 0) + number
    return found
