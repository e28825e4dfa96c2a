"""What is left of a fault of ours: a file with all of it, and two lines for the person."""

from __future__ import annotations

import traceback
from datetime import datetime
from pathlib import Path

from platformdirs import user_state_path
from rich.text import Text

from tsmon import __version__
from tsmon.untrusted.private import write_private
from tsmon.untrusted.text import one_line, visible


def crash_folder() -> Path:
    """Where reports of faults are kept."""
    return user_state_path("tsmon") / "crashes"


def keep_report(error: BaseException, folder: Path | None) -> Path | None:
    """Write what is known of a fault; None where nothing is to be or can be written."""
    if folder is None:
        return None
    now = datetime.now().astimezone()
    file = folder / f"{now:%Y-%m-%d-%H%M%S}.txt"
    head = f"tsmon {__version__}, {now:%Y-%m-%d %H:%M:%S}\n\n"
    # Without the values of variables, among which keys would be; a message may still name one.
    told = "".join(traceback.format_exception(error))
    try:
        write_private(file, head + visible(told, keep_lines=True))
    except OSError:
        return None
    return file


def spell_crash(error: BaseException, report: Path | None) -> Text:
    """What the person is told when the screen has gone."""
    what = one_line(f"{type(error).__name__}: {error}")
    words = Text.assemble(("tsmon: ", "bold red"), f"a fault of tsmon itself ended it: {what}")
    if report is not None:
        words.append(f"\n  → please report it with {report}", "dim")
    return words
