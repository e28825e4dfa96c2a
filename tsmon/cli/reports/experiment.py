"""The result of an experiment as table and chart, Markdown, CSV and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING

from tsmon.cli.console import data_console
from tsmon.cli.output import emit, emit_json, emit_table, emit_text
from tsmon.load.experiment.chart import CHART_WIDTH, chart
from tsmon.load.experiment.kept import result_record
from tsmon.load.experiment.table import (
    footnotes,
    headline,
    markdown,
    result_columns,
    result_csv,
    rows,
)
from tsmon.load.judging import Judgement, judgement_record
from tsmon.units import byte_size, fixed

if TYPE_CHECKING:
    from tsmon.load.experiment.plan import Variation
    from tsmon.load.experiment.result import ExperimentResult, Measurement


class Form(Enum):
    """How a result is printed."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


def emit_result(result: ExperimentResult, form: Form, judgements: Sequence[Judgement] = ()) -> None:
    """Print a result."""
    if form is Form.JSON:
        judged = list(map(judgement_record, judgements))
        emit_json(result_record(result) | {"judgements": judged})
    elif form is Form.MARKDOWN:
        emit_text(markdown(result).rstrip())
    elif form is Form.CSV:
        emit_text(result_csv(result).rstrip())
    else:
        _emit_text(result)


def measured_line(setting: Variation, measurement: Measurement) -> str:
    """One measurement in a line, as soon as it is there."""

    def words(value: float | None, unit: str) -> str:
        return f"unknown {unit}" if value is None else f"{fixed(value)} {unit}"

    parts = [
        f"{measurement.answered} answered",
        words(measurement.inference_ms, "ms inference"),
        words(measurement.queue_ms, "ms queue"),
        words(measurement.p95_ms, "ms p95"),
        words(measurement.throughput, "requests/s"),
        byte_size(measurement.memory_bytes),
    ]
    return f"{setting}: {', '.join(parts)}"


def _emit_text(result: ExperimentResult) -> None:
    chosen = result_columns(result)
    emit(headline(result))
    titles = [column.title for column in chosen]
    emit_table(titles, rows(result, chosen), right=" ".join(titles))
    emit("")
    console = data_console()
    console.print(chart(result.measurements), width=min(console.width, CHART_WIDTH))
    remarks = [*result.notes, *footnotes(result)]
    if remarks:
        emit("")
    for remark in remarks:
        emit(remark)
