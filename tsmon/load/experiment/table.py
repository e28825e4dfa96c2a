"""A result as rows of text: for a terminal, for Markdown, for a screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from tsmon.load.experiment.kept import measurement_record
from tsmon.load.experiment.result import ExperimentResult, Measurement, walkthrough_usage
from tsmon.units import ABSENT, byte_size, fixed, known
from tsmon.untrusted.csv import csv_text
from tsmon.untrusted.text import visible

PREDICTED_WORDS = (
    "predicted: mean queue ms from earlier measurements and the model in docs/advice.md"
)
GRPC_WORDS = "over grpc: TorchServe counts requests, but not their inference and queue times"
WALKTHROUGH_WORDS = "walkthrough: inference + queue ms per request from its counters"


class ResultColumn(Struct, frozen=True):
    """One column; `cell` writes what it has to say of a measurement."""

    title: str
    cell: Callable[[Measurement], str]


def result_columns(
    result: ExperimentResult, extra: Sequence[ResultColumn] = ()
) -> list[ResultColumn]:
    """The columns that a result needs; `extra` ones, such as a prediction, come last."""
    varied = [
        ResultColumn("BATCH_SIZE", lambda each: str(each.batch_size)),
        ResultColumn("DELAY_MS", lambda each: str(each.max_batch_delay_ms)),
    ]
    batching_varies = (
        len({(each.batch_size, each.max_batch_delay_ms) for each in result.measurements}) > 1
    )
    protocols = any(each.protocol for each in result.measurements)
    failed = any(each.errors for each in result.measurements)
    walkthrough = ResultColumn("WALKTHROUGH", lambda each: walkthrough_words(result, each))
    compared = any(walkthrough_usage(result.load, each) for each in result.measurements)
    predicted = any(each.predicted_queue_ms is not None for each in result.measurements)
    return [
        ResultColumn("WORKERS", lambda each: str(each.workers)),
        *(varied if batching_varies else ()),
        *([ResultColumn("OVER", lambda each: each.protocol)] if protocols else ()),
        ResultColumn("REQUESTS", lambda each: str(each.sent)),
        *([ResultColumn("FAILED", lambda each: str(each.errors))] if failed else ()),
        ResultColumn("INFER_MS", lambda each: fixed(each.inference_ms)),
        ResultColumn("QUEUE_MS", lambda each: fixed(each.queue_ms)),
        *([ResultColumn("PREDICTED", _predicted)] if predicted else ()),
        ResultColumn("P95_MS", lambda each: fixed(each.p95_ms)),
        ResultColumn("REQ/S", lambda each: fixed(each.throughput, 1)),
        ResultColumn("MEMORY", lambda each: byte_size(each.memory_bytes)),
        *([walkthrough] if compared else ()),
        *extra,
    ]


def _predicted(measurement: Measurement) -> str:
    """The queue time to be expected before it was measured."""
    return fixed(measurement.predicted_queue_ms)


def rows(result: ExperimentResult, chosen: Sequence[ResultColumn]) -> list[list[str]]:
    """A row for each measurement."""
    return [[column.cell(each) for column in chosen] for each in result.measurements]


def markdown(result: ExperimentResult, extra: Sequence[ResultColumn] = ()) -> str:
    """The result as Markdown: what was done, the table, the notes."""
    chosen = result_columns(result, extra)
    lines = [
        headline(result),
        "",
        _markdown_row([column.title for column in chosen]),
        _markdown_row(["---:"] * len(chosen)),
        *map(_markdown_row, rows(result, chosen)),
    ]
    remarks = [*result.notes, *footnotes(result)]
    return (
        "\n".join([*lines, *(["", *(f"- {note}" for note in remarks)] if remarks else [])]) + "\n"
    )


def result_csv(result: ExperimentResult) -> str:
    """The measurements as CSV, every number of theirs, with a line of names."""
    records = [
        measurement_record(each) | walkthrough_figures(result, each) for each in result.measurements
    ]
    return csv_text(records[0], records) if records else ""


def headline(result: ExperimentResult) -> str:
    """What was done, in one line."""
    ending = "" if result.complete else ", stopped early"
    started = result.started.astimezone()
    what = visible(f"{result.model} {result.version} on {result.server}")
    return f"{what}, {started:%Y-%m-%d %H:%M}: {result.load}{ending}"


def footnotes(result: ExperimentResult) -> list[str]:
    """What a column needs to be understood."""
    compared = any(walkthrough_usage(result.load, each) for each in result.measurements)
    predicted = any(each.predicted_queue_ms is not None for each in result.measurements)
    return [
        *([WALKTHROUGH_WORDS] if compared else ()),
        *([PREDICTED_WORDS] if predicted else ()),
        *([GRPC_WORDS] if any(each.protocol == "grpc" for each in result.measurements) else ()),
    ]


def walkthrough_words(result: ExperimentResult, measurement: Measurement) -> str:
    """The walkthrough's own inference and queue milliseconds at the same setting."""
    figures = walkthrough_figures(result, measurement)
    if None in figures.values():
        return ABSENT
    return " + ".join(map(fixed, figures.values()))


def walkthrough_figures(
    result: ExperimentResult, measurement: Measurement
) -> dict[str, float | None]:
    """The same as numbers by name; None where the walkthrough has none."""
    usage = walkthrough_usage(result.load, measurement)
    return {
        "walkthrough_inference_ms": known(usage.inference_ms) if usage else None,
        "walkthrough_queue_ms": known(usage.queue_ms) if usage else None,
    }


def _markdown_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
