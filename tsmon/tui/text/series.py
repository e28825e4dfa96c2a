"""One series of `/metrics` as text: its value, its rate, its quantiles, the query for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsmon.telemetry.series.layout import COUNTER, HISTOGRAM, SUMMARY, selector
from tsmon.telemetry.series.readings import SHARES, plain_value
from tsmon.tui.text.tones import Span, Tone
from tsmon.units import ABSENT, is_known, number

if TYPE_CHECKING:
    from tsmon.telemetry.series.readings import Number, Quantile, SeriesReading

WHOLE_BELOW = 10_000
"""Whole numbers below it are shown without a decimal."""
QUERY_WINDOW = "1m"
"""Of the rates in a query that is copied: that of the page."""


def series_value(value: Number) -> str:
    """A number of any kind: `-3`, `6,851`, `12.3k`, `NaN`, `+Inf`."""
    if not is_known(value):
        return plain_value(value) if isinstance(value, float) else ABSENT
    if value == int(value) and abs(value) < WHOLE_BELOW:
        return f"{int(value):,}"
    return f"-{number(-value)}" if value < 0 else number(value)


def series_quantile(reading: SeriesReading, at: int) -> str:
    """One of the quantiles; `>` says that it lies above the last bound."""
    found = reading.quantiles[at] if at < len(reading.quantiles) else None
    return ABSENT if found is None else _quantile(found)


def series_sample(reading: SeriesReading) -> str:
    """The line of the series and its value."""
    return f"{reading.counted} {plain_value(reading.value)}"


def series_query(reading: SeriesReading) -> str:
    """What shows it in Prometheus: a counter's rate, a histogram's p95."""
    kind, text = reading.family.kind, reading.counted
    if kind == HISTOGRAM:
        buckets = selector(f"{reading.name}_bucket", reading.labels)
        return f"histogram_quantile(0.95, sum by (le) (rate({buckets}[{QUERY_WINDOW}])))"
    return f"rate({text}[{QUERY_WINDOW}])" if kind in (COUNTER, SUMMARY) else text


def series_detail(reading: SeriesReading, window_s: float) -> list[Span]:
    """All that is known of one series: name, value in full, window, HELP."""
    family = reading.family
    unit = f" {family.unit}" if family.unit else ""
    spans: list[Span] = [
        (reading.text, Tone.ACCENT),
        (f"\n{family.kind}  ", Tone.MUTED),
        (plain_value(reading.value), Tone.PLAIN),
    ]
    if family.kind in (HISTOGRAM, SUMMARY):
        spans.append((" observations", Tone.PLAIN))
        spans.append((f"  mean {series_value(reading.mean)}{unit}", Tone.PLAIN))
        for at, share in enumerate(SHARES[: len(reading.quantiles)]):
            spans.append((f"  p{share * 100:.0f} {series_quantile(reading, at)}", Tone.PLAIN))
    else:
        spans.append((unit, Tone.PLAIN))
    if is_known(reading.per_second):
        rate = f"  {series_value(reading.per_second)}/s over {window_s:.0f} s"
        spans.append((rate, Tone.PLAIN))
    elif family.kind == COUNTER:
        spans.append((f"  no rate: {reading.per_second}", Tone.MUTED))
    spans.append((f"\n{' '.join(family.help.split()) or 'no HELP text'}", Tone.MUTED))
    return spans


def _quantile(quantile: Quantile) -> str:
    return f"{'>' if quantile.beyond else ''}{series_value(quantile.value)}"
