"""What is left of a fault of ours: a file with all of it, and two lines for the person."""

from __future__ import annotations

import traceback
from datetime import datetime
from pathlib import Path

from platformdirs import user_state_path
from rich.text import Text
from textual.worker import WorkerFailed

from tsmon import __version__
from tsmon.untrusted.private import write_private
from tsmon.untrusted.text import one_line, visible


def crash_folder() -> Path:
    """Where reports of faults are kept."""
    return user_state_path("tsmon") / "crashes"


def fault_in(error: BaseException) -> BaseException:
    """The fault itself, where Textual has put an exception of its own around that of a worker."""
    return error.error if isinstance(error, WorkerFailed) else error


def format_fault(error: BaseException) -> str:
    """What a fault is, in one line."""
    fault = fault_in(error)
    return one_line(f"{type(fault).__name__}: {fault}")


def keep_report(error: BaseException, folder: Path | None) -> Path | None:
    """Write what is known of a fault; None where nothing is to be or can be written."""
    if folder is None:
        return None
    now = datetime.now().astimezone()
    file = folder / f"{now:%Y-%m-%d-%H%M%S-%f}.txt"
    head = f"tsmon {__version__}, {now:%Y-%m-%d %H:%M:%S}\n\n"
    # Without the values of variables, among which keys would be; a message may still name one.
    sentence = "".join(traceback.format_exception(fault_in(error)))
    try:
        write_private(file, head + visible(sentence, keep_lines=True))
    except OSError:
        return None
    return file


def format_crash(error: BaseException, report: Path | None) -> Text:
    """What is printed when the screen has gone."""
    words = Text.assemble(("tsmon: ", "bold red"), f"tsmon crashed: {format_fault(error)}")
    if report is not None:
        words.append(f"\n  → please report it and attach {report}", "dim")
    return words
