"""A table of percentiles: each part of a request's time, over the last one and five minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from tsmon.telemetry.logs.request_report import Profile, RequestPhase, RequestReport
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.units import ABSENT, bare_milliseconds, count, number

if TYPE_CHECKING:
    from tsmon.telemetry.logs.percentiles import Percentiles

PERCENTILE_PHASES = (
    RequestPhase.TOTAL,
    RequestPhase.QUEUE,
    RequestPhase.BACKEND,
    RequestPhase.HANDLER,
    RequestPhase.INFERENCE,
)
"""From the outside in; inference last, as queue and backend add up to it."""
PERCENTILE_HEADINGS = ("requests", "p50", "p90", "p95", "p99")
_LABEL, _REQUESTS, _CELL, _GAP = 9, 9, 6, 1
_TONES = {
    RequestPhase.QUEUE.value: Tone.QUEUE,
    RequestPhase.BACKEND.value: Tone.COMPUTE,
    "p50": Tone.P50,
    "p90": Tone.P90,
    "p99": Tone.P99,
}
"""The colours that rows and columns have on the charts."""
_BLOCK = _REQUESTS + 4 * _CELL
PERCENTILE_WIDTH = _LABEL + 2 * _BLOCK + _GAP
HEIGHT = 2 + len(PERCENTILE_PHASES)


def compose_percentiles(report: RequestReport) -> Content:
    """The table, `PERCENTILE_WIDTH` columns wide and `HEIGHT` lines high."""
    spans: list[Span] = [
        (f"{'ms':<{_LABEL}}", Tone.MUTED),
        (f"{'last minute':>{_BLOCK}}", Tone.MUTED),
        (f"{'last 5 minutes':>{_GAP + _BLOCK}}\n", Tone.MUTED),
        (" " * _LABEL, Tone.PLAIN),
        *_headings(),
        (" " * _GAP, Tone.PLAIN),
        *_headings(),
    ]
    for part in PERCENTILE_PHASES:
        spans.append((f"\n{part:<{_LABEL}}", _TONES.get(part, Tone.MUTED)))
        spans += _cells(report.minute, part)
        spans.append((" " * _GAP, Tone.PLAIN))
        spans += _cells(report.five_minutes, part)
    return line(*spans)


def compose_window(profile: Profile, window: str) -> Content:
    """One window alone, `_LABEL + _BLOCK` columns wide, with its name."""
    spans: list[Span] = [(f"{window:<{_LABEL}}", Tone.MUTED), *_headings()]
    for part in PERCENTILE_PHASES:
        spans.append((f"\n{part:<{_LABEL}}", _TONES.get(part, Tone.MUTED)))
        spans += _cells(profile, part)
    return line(*spans)


def _headings() -> list[Span]:
    first, *others = PERCENTILE_HEADINGS
    cells = [(f"{heading:>{_CELL}}", _TONES.get(heading, Tone.MUTED)) for heading in others]
    return [(f"{first:>{_REQUESTS}}", Tone.MUTED), *cells]


def _cells(profile: Profile, part: RequestPhase) -> list[Span]:
    """The requests that a part's percentiles rest on, and the percentiles."""
    found = profile.get(part)
    if found is None:
        return [(f"{ABSENT:>{_REQUESTS}}" + f"{ABSENT:>{_CELL}}" * 4, Tone.MUTED)]
    return [
        (f"{_requests(found.count):>{_REQUESTS}}", Tone.MUTED),
        ("".join(f"{bare_milliseconds(value):>{_CELL}}" for value in _values(found)), Tone.PLAIN),
    ]


def _values(found: Percentiles) -> tuple[float, ...]:
    return found.p50, found.p90, found.p95, found.p99


def _requests(amount: int) -> str:
    return count(amount) if amount < 100_000 else number(amount)
