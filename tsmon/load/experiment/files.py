"""A result written into a file that a person names; the suffix says as what."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tsmon.load.experiment.chart import svg
from tsmon.load.experiment.kept import ResultNotKept, result_record
from tsmon.load.experiment.table import markdown, result_csv
from tsmon.torchserve.errors import InvalidArgument

if TYPE_CHECKING:
    from tsmon.load.experiment.result import ExperimentResult


def _json_text(result: ExperimentResult) -> str:
    return json.dumps(result_record(result), indent=2) + "\n"


FORMS: Mapping[str, Callable[[ExperimentResult], str]] = {
    ".md": markdown,
    ".csv": result_csv,
    ".json": _json_text,
    ".svg": svg,
}
"""What writes a result, by suffix."""


def write_result(result: ExperimentResult, path: Path) -> None:
    """Write a result as Markdown, CSV, JSON or, as bars, SVG.

    Raises:
        InvalidArgument: the suffix is not one of these.
        ResultNotKept: the file cannot be written.
    """
    check_suffix(path)
    try:
        path.write_text(FORMS[path.suffix.lower()](result), encoding="utf-8")
    except OSError as error:
        reason = error.strerror or error
        raise ResultNotKept(f"cannot write {path}: {reason}", "choose another file") from error


def check_suffix(path: Path, *suffixes: str) -> None:
    """Raise InvalidArgument for a suffix that is not one of these, by default of all there are."""
    known = suffixes or tuple(FORMS)
    if path.suffix.lower() not in known:
        raise InvalidArgument(f"{path.name} must end in one of {' '.join(known)}")
