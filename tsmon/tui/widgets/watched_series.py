"""The series that are always in sight: those that are pinned or have a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsmon.telemetry.limits.limit import LimitState
from tsmon.tui.text.series import series_value
from tsmon.tui.text.tones import Span, Tone, line
from tsmon.tui.text.why import LIMIT_TONES
from tsmon.tui.widgets.columns import shorten
from tsmon.units import ABSENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.content import Content

    from tsmon.telemetry.series.watched import WatchedSeries

MOST_LINES = 3
"""Of series above the charts."""


def watched_lines(series: Sequence[WatchedSeries], width: int) -> Content | None:
    """A line for each series that is always in sight; the ones with an exceeded limit first."""
    ordered = sorted(series, key=lambda each: not _worst(each))
    spans: list[Span] = []
    for each in ordered[:MOST_LINES]:
        tone = LIMIT_TONES[state] if (state := _worst(each)) else Tone.PLAIN
        sign = "! " if state is LimitState.EXCEEDED else ""
        value = ABSENT if each.value is None else series_value(each.value)
        unit = f" {each.unit}" if each.unit else ""
        rate = f"  {series_value(each.per_second)}/s" if each.per_second is not None else ""
        figure = f"  {sign}{value}{unit}{rate}"
        name = shorten(each.text, max(width - len(figure) - 2, 8))
        spans += [("\n" if spans else "", Tone.PLAIN), (name, Tone.MUTED), (figure, tone)]
    if len(ordered) > MOST_LINES:
        spans.append((f"\n{len(ordered) - MOST_LINES} more pinned", Tone.MUTED))
    return line(*spans) if spans else None


def _worst(series: WatchedSeries) -> LimitState | None:
    """The state of its limits, where one holds."""
    states = {status.state for status in series.limits}
    for state in (LimitState.EXCEEDED, LimitState.PENDING):
        if state in states:
            return state
    return None
