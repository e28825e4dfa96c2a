"""Every series that a server publishes: as a table, as JSON, as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from tsmon.cli.output import ReportColumn, emit, emit_columns, emit_csv, emit_json, emit_json_line
from tsmon.telemetry.series.layout import HISTOGRAM, SUMMARY
from tsmon.telemetry.series.readings import SHARES, SeriesReading, plain_value
from tsmon.units import ABSENT, fixed, known

if TYPE_CHECKING:
    from tsmon.telemetry.instant import Instant

QUANTILES = tuple(f"p{share * 100:.0f}" for share in SHARES)
COLUMNS = (
    *("time", "series", "name", "labels", "type", "unit", "value", "per_second", "mean"),
    *(*QUANTILES, "help"),
)


def _quantile(reading: SeriesReading, at: int) -> float | None:
    found = reading.quantiles[at] if at < len(reading.quantiles) else None
    return None if found is None else known(found.value)


def _has_quantiles(reading: SeriesReading) -> bool:
    return reading.family.kind in (HISTOGRAM, SUMMARY)


SERIES_COLUMNS: tuple[ReportColumn[SeriesReading], ...] = (
    ReportColumn("SERIES", lambda each: each.text),
    ReportColumn("TYPE", lambda each: each.family.kind),
    ReportColumn("VALUE", lambda each: plain_value(each.value), is_number=True),
    ReportColumn("UNIT", lambda each: each.family.unit or ABSENT),
    ReportColumn("HELP", lambda each: each.family.help),
)


def series_record(reading: SeriesReading, at: Instant) -> dict[str, Any]:
    """A record for programs; a number that cannot be known, or is none, is null."""
    return {
        "time": at.wall.isoformat(),
        "series": reading.text,
        "name": reading.name,
        "labels": dict(reading.labels),
        "type": reading.family.kind,
        "unit": reading.family.unit or None,
        "value": known(reading.value),
        "per_second": known(reading.per_second),
        "mean": known(reading.mean),
        **{name: _quantile(reading, at_) for at_, name in enumerate(QUANTILES)},
        "help": reading.family.help,
    }


def print_series(
    readings: Sequence[SeriesReading], at: Instant, *, as_json: bool, as_csv: bool
) -> None:
    """All of them, once."""
    if as_json:
        emit_json([series_record(each, at) for each in readings])
    elif as_csv:
        print_series_rows(readings, at)
    else:
        emit_columns(SERIES_COLUMNS, readings)


def print_series_rows(
    readings: Iterable[SeriesReading], at: Instant, *, headings: bool = True
) -> None:
    """As CSV; the labels of a series are one cell."""
    records = (series_record(each, at) for each in readings)
    rows = [
        {
            **record,
            "labels": ",".join(f"{name}={value}" for name, value in record["labels"].items()),
        }
        for record in records
    ]
    emit_csv(COLUMNS, rows, headings=headings)


def print_series_lines(readings: Iterable[SeriesReading], at: Instant, *, as_json: bool) -> None:
    """A line for each, as `--watch` prints them."""
    for each in readings:
        if as_json:
            emit_json_line(series_record(each, at))
            continue
        cells = [f"{at.wall.astimezone():%H:%M:%S}", each.text, plain_value(each.value)]
        if known(each.per_second) is not None:
            cells.append(f"{fixed(each.per_second)}/s")
        if _has_quantiles(each):
            cells.append(f"mean {fixed(each.mean, 4)}")
            found = (_quantile(each, at_) for at_ in range(len(SHARES)))
            cells += [
                f"{name} {ABSENT if value is None else f'{value:.4g}'}"
                for name, value in zip(QUANTILES, found, strict=True)
            ]
        emit("  ".join(cells))
