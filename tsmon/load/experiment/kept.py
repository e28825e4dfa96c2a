"""Results of experiments, kept as JSON files in the home folder of tsmon's server."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import to_builtins

from tsmon.load.experiment.plan import Load
from tsmon.load.experiment.result import Before, ExperimentResult, Measurement
from tsmon.serving.errors import ServingError
from tsmon.serving.home import default_home
from tsmon.units import MIB
from tsmon.untrusted.files import read_text
from tsmon.untrusted.json import parse_json
from tsmon.untrusted.private import write_private
from tsmon.untrusted.shape import shaped
from tsmon.untrusted.text import file_word

RESULT_FORMAT = 1
MOST_RESULT_BYTES = 4 * MIB
"""Of one result; an experiment of 100 settings has 60 KiB."""


class ResultNotKept(ServingError):
    """The result cannot be written."""


def results_folder(home: Path | None = None) -> Path:
    """Where results are kept; `home` is by default that of `tsmon serve`."""
    return (home or default_home()) / "experiments"


def keep_result(result: ExperimentResult, home: Path | None = None) -> Path:
    """Write a result as a file of its own; gives its path.

    Raises:
        ResultNotKept: the folder cannot be written to.
    """
    folder = results_folder(home)
    when = f"{result.started:%Y%m%dT%H%M%S%f}"
    name = f"{when}-{result.model}-{result.version}-{result.server}"
    path = folder / f"{file_word(name)}.json"
    try:
        write_private(path, json.dumps(result_record(result), indent=2) + "\n")
    except OSError as error:
        raise ResultNotKept(
            f"cannot save the result in {folder}: {error.strerror or error}",
            "choose another folder with --home or TSMON_HOME",
        ) from error
    return path


def load_results(
    server: str, model: str, version: str | None = None, home: Path | None = None
) -> list[ExperimentResult]:
    """The results kept for a model of a server, the newest first.

    `server` is the management address without its scheme. Files that are no results are left out.
    """
    results = []
    for path in results_folder(home).glob("*.json"):
        try:
            result = read_result(parse_json(read_text(path, MOST_RESULT_BYTES)))
        except (OSError, ValueError):
            continue
        same = (result.server, result.model) == (server, model)
        if same and version in {None, result.version}:
            results.append(result)
    return sorted(results, key=lambda result: result.started, reverse=True)


def result_record(result: ExperimentResult) -> dict[str, Any]:
    """A result for JSON; what follows from the rest is in it as well."""
    record = {"format": RESULT_FORMAT, **to_builtins(result), "started": result.started.isoformat()}
    record["measurements"] = [measurement_record(each) for each in result.measurements]
    return record


def measurement_record(measurement: Measurement) -> dict[str, Any]:
    """A measurement for JSON and CSV."""
    return {
        **to_builtins(measurement),
        "throughput": measurement.throughput,
        "service_ms": measurement.service_ms,
    }


def read_result(record: Any) -> ExperimentResult:
    """Read what `result_record` wrote.

    Raises:
        ValueError: it is something else.
    """
    try:
        values = {name: value for name, value in record.items() if name != "format"}
        if record["format"] != RESULT_FORMAT:
            raise ValueError(f"format {record['format']} is not supported")
        load = values["load"]
        values["load"] = shaped(Load, load | {"batches": tuple(load["batches"])})
        values["before"] = shaped(Before, values["before"])
        values["started"] = datetime.fromisoformat(values["started"]).astimezone(UTC)
        values["measurements"] = tuple(map(_measurement, values["measurements"]))
        values["notes"] = tuple(values["notes"])
        return shaped(ExperimentResult, values)
    except (TypeError, KeyError, AttributeError, OverflowError) as error:
        raise ValueError(f"not an experiment's result: {error}") from None


def _measurement(record: dict[str, Any]) -> Measurement:
    derived = {"throughput", "service_ms"}
    values = {name: value for name, value in record.items() if name not in derived}
    return shaped(Measurement, values)
