"""What a tsmon that was killed left on a server, in a line with the command that mends it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tsmon.cli.output import complain
from tsmon.load.experiment.unfinished import abandoned_on
from tsmon.untrusted.shell import shell_line


def say_what_was_left(server: str, home: Path | None, options: Sequence[str]) -> None:
    """Tell of killed experiments on a server; `options` are those that name it."""
    told: set[str] = set()
    for note in abandoned_on(server, home):
        if note.model in told:
            continue
        told.add(note.model)
        command = ["tsmon", "experiment", note.model, "--restore", *options]
        complain(note.words, f"`{shell_line(command)}` puts it back")
