"""Two versions beside each other in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tsmon.load.canary import LEAST_REQUESTS, better, requests_of
from tsmon.telemetry.logs.request_report import RequestPhase
from tsmon.tui.text.model_state import state_of
from tsmon.tui.text.tones import Span, Tone
from tsmon.units import ABSENT, count, milliseconds, number, percent

if TYPE_CHECKING:
    from tsmon.load.comparison import Comparison
    from tsmon.telemetry.snapshot import ModelStatus, Snapshot

_LABEL, _COLUMN = 13, 18


def beside_each_other(
    snapshot: Snapshot, first: ModelStatus, second: ModelStatus
) -> Iterator[Span]:
    """What the monitor knows of both, a line for each number."""
    yield f"{'':<{_LABEL}}", Tone.PLAIN
    for model in (first, second):
        name = f"{model.key.version}{' ★' if model.is_default else ''}"
        yield f"{name:<{_COLUMN}}", Tone.ACCENT
    yield f"\n{'status':<{_LABEL}}", Tone.MUTED
    for model in (first, second):
        glyph, word, tone = state_of(model)
        yield f"{f'{glyph} {word}':<{_COLUMN}}", tone
    rows = zip(_figures(snapshot, first), _figures(snapshot, second), strict=True)
    for (label, one), (_, other) in rows:
        yield f"\n{label:<{_LABEL}}", Tone.MUTED
        yield f"{one:<{_COLUMN}}{other:<{_COLUMN}}", Tone.PLAIN


def which_is_better(first: ModelStatus, second: ModelStatus) -> list[Span]:
    """Which of them does better, and in what; or why that cannot be said."""
    found = better(first, second)
    if found is None:
        needed = f"at least {LEAST_REQUESTS} requests to each in the last minute, seen in the logs"
        return [(f"not enough to compare: it takes {needed}", Tone.MUTED)]
    if not found:
        return [("no difference: both fail as seldom and answer as soon", Tone.PLAIN)]
    spans: list[Span] = []
    for each in found:
        version = (first if each.first else second).key.version
        spans.append((f"{', ' if spans else ''}{version} {each.why}", Tone.GOOD))
    return spans


def what_was_answered(comparison: Comparison | None, hint: str) -> list[Span]:
    """How often the two gave different answers to the same requests, and which was right."""
    if comparison is None or not (comparison.pairs or comparison.total):
        return [(hint, Tone.MUTED)]
    pairs = comparison.pairs
    differ = sum(pair.agree is False for pair in pairs)
    failed = sum(pair.agree is None for pair in pairs)
    spans: list[Span] = [
        (f"they differ in {differ} of {len(pairs)}", Tone.WARNING if differ else Tone.GOOD)
    ]
    if failed:
        spans.append((f"  {failed} failed", Tone.BAD))
    labelled = [pair for pair in pairs if pair.first.payload.label is not None]
    if labelled:
        right = [
            sum(pair.first.correct is True for pair in labelled) / len(labelled),
            sum(pair.second.correct is True for pair in labelled) / len(labelled),
        ]
        spans.append((f"  right: {percent(right[0])} and {percent(right[1])}", Tone.PLAIN))
    if comparison.done < comparison.total:
        spans.append((f"  ◌ {comparison.done} of {comparison.total} requests", Tone.WARNING))
    return spans


def _figures(snapshot: Snapshot, model: ModelStatus) -> Iterator[tuple[str, str]]:
    minute = model.traffic.window
    yield "workers", f"{model.ready}/{model.wanted} ready"
    yield "requests/s", number(minute.per_second)
    found = model.percentiles(RequestPhase.INFERENCE)
    yield "p50", milliseconds(found.p50) if found else ABSENT
    yield "p95", milliseconds(found.p95) if found else ABSENT
    yield "mean", milliseconds(minute.inference_ms)
    yield "queue", milliseconds(minute.queue_ms)
    yield "errors/s", number(snapshot.errors_per_second(model))
    known = model.requests is not None
    share = percent(model.requests.failing_share) if model.requests else ABSENT
    yield "failing", f"{share} of {count(requests_of(model))}" if known else ABSENT
