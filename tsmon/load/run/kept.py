"""Load runs, kept as JSON files in the home folder of tsmon's server."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from tsmon.load.run.record import PastRun, past_run
from tsmon.serving.errors import ServingError
from tsmon.serving.home import default_home
from tsmon.units import MIB
from tsmon.untrusted.files import read_text
from tsmon.untrusted.json import parse_json
from tsmon.untrusted.private import write_private
from tsmon.untrusted.text import file_word

MOST_KEPT = 200
"""Runs; the oldest goes when another comes."""
MOST_RUN_BYTES = MIB
"""Of one of them; usually 3 KiB."""


class RunNotKept(ServingError):
    """The run cannot be written."""


class RunNotRead(ServingError):
    """A file is no run."""


def runs_folder(home: Path | None = None) -> Path:
    """Where runs are kept; `home` is by default that of `tsmon serve`."""
    return (home or default_home()) / "runs"


def keep_run(record: dict[str, Any], home: Path | None = None) -> None:
    """Write a run as a file of its own, and let go of the oldest.

    Raises:
        RunNotKept: the folder cannot be written to.
    """
    started = datetime.fromisoformat(record["started"])
    name = file_word(f"{started:%Y%m%dT%H%M%S%f}-{record['model']}-{record['version']}")
    folder = runs_folder(home)
    write_run(record, folder / f"{name}.json")
    for oldest in sorted(folder.glob("*.json"))[:-MOST_KEPT]:
        with suppress(OSError):
            oldest.unlink()


def write_run(record: dict[str, Any], path: Path) -> None:
    """Write a run into a file.

    Raises:
        RunNotKept: it cannot be written.
    """
    try:
        write_private(path, json.dumps(record, indent=2) + "\n")
    except OSError as error:
        reason = error.strerror or error
        raise RunNotKept(f"cannot write {path}: {reason}", "choose another file") from error


def read_run(path: Path) -> PastRun:
    """Read a run from a file that `write_run` or `tsmon load --json` wrote.

    Raises:
        RunNotRead: the file cannot be read or is no run.
    """
    try:
        return past_run(parse_json(read_text(path, MOST_RUN_BYTES)))
    except OSError as error:
        raise RunNotRead(f"cannot read {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise RunNotRead(f"{path.name} is {error}") from error


def kept_runs(home: Path | None = None) -> list[PastRun]:
    """The runs that were kept, the newest first; files that are no runs are left out.

    What `tsmon load --json` printed into a file of that folder is one as well.
    """
    runs = []
    for path in runs_folder(home).glob("*.json"):
        with suppress(RunNotRead):
            runs.append(read_run(path))
    return sorted(runs, key=lambda run: run.started, reverse=True)
