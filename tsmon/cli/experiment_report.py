"""The result of an experiment as table and chart, Markdown, CSV and JSON."""

from __future__ import annotations

import csv
import io
import sys
from enum import Enum
from pathlib import Path

from rich.console import Console

from tsmon.cli.output import data_console, emit, emit_json, emit_table
from tsmon.load.experiment.chart import chart
from tsmon.load.experiment.kept import measurement_record, result_record
from tsmon.load.experiment.result import ExperimentResult, Measurement
from tsmon.load.experiment.table import (
    columns,
    footnotes,
    headline,
    markdown,
    memory_words,
    rows,
    walkthrough_figures,
)
from tsmon.serving.errors import ServingError

CHART_WIDTH = 100
"""Columns of the SVG file."""


class Form(Enum):
    """How a result is printed."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


class ChartNotSaved(ServingError):
    """The file cannot be written."""


def emit_result(result: ExperimentResult, form: Form) -> None:
    """Print a result."""
    if form is Form.JSON:
        emit_json(result_record(result))
    elif form is Form.MARKDOWN:
        emit(markdown(result).rstrip("\n"))
    elif form is Form.CSV:
        _emit_csv(result)
    else:
        _emit_text(result)


def save_chart(result: ExperimentResult, path: Path) -> None:
    """Draw the bars into an SVG file.

    Raises:
        ChartNotSaved: it cannot be written.
    """
    paper = Console(record=True, width=CHART_WIDTH, file=io.StringIO(), force_terminal=True)
    paper.print(chart(result.measurements))
    try:
        paper.save_svg(str(path), title=headline(result))
    except OSError as error:
        reason = error.strerror or error
        raise ChartNotSaved(f"cannot write the chart to {path}: {reason}") from error


def measured_line(measurement: Measurement) -> str:
    """One measurement in a line, as soon as it is there."""

    def words(value: float | None, unit: str) -> str:
        return f"unknown {unit}" if value is None else f"{value:.2f} {unit}"

    parts = [
        f"{measurement.answered} answered",
        words(measurement.inference_ms, "ms inference"),
        words(measurement.queue_ms, "ms queue"),
        words(measurement.p95_ms, "ms p95"),
        words(measurement.throughput, "requests/s"),
        memory_words(measurement.memory_bytes),
    ]
    return f"{measurement.setting}: {', '.join(parts)}"


def _emit_text(result: ExperimentResult) -> None:
    chosen = columns(result)
    emit(headline(result))
    titles = [column.title for column in chosen]
    emit_table(titles, rows(result, chosen), right=" ".join(titles))
    emit("")
    data_console().print(chart(result.measurements))
    remarks = [*result.notes, *footnotes(result)]
    if remarks:
        emit("")
    for remark in remarks:
        emit(remark)


def _emit_csv(result: ExperimentResult) -> None:
    records = [
        measurement_record(each) | walkthrough_figures(result, each) for each in result.measurements
    ]
    writer = csv.DictWriter(sys.stdout, records[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
