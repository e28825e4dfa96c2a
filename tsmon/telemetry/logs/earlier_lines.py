"""What ts_log said of workers before the part of it that is followed, step by step."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path

from tsmon.logs.backwards import BackwardReader
from tsmon.telemetry.logs.worker_event_lines import BANNER, shows_worker

_CREATED = re.compile(rb" - W-(\d+)-\S.* State change null -> ")


def created_in(lines: Iterable[bytes]) -> set[str]:
    """The ids of the workers whose beginning is in these lines."""
    found = (_CREATED.search(line) for line in lines)
    return {match[1].decode() for match in found if match}


class EarlierLines:
    """Goes back until it knows how each of some workers began, or to the server's start."""

    def __init__(self, path: Path, end: int, workers: Collection[str]) -> None:
        """Begin before the byte `end` of the file, on behalf of the workers with these ids."""
        self.lines: list[bytes] = []
        """Those about workers, in the order of the file."""
        self._sought = set(workers)
        self._reader = BackwardReader(path, end if workers else 0)

    @property
    def done(self) -> bool:
        """Whether it goes back no further."""
        return self._reader.done

    @property
    def progress(self) -> str:
        """How far it has come, in words."""
        return self._reader.progress

    def step(self) -> bool:
        """Go back a step, which blocks; whether it is done by that."""
        if self.done:
            return False
        lines = self._reader.step()
        start = next((n for n in reversed(range(len(lines))) if lines[n].startswith(BANNER)), None)
        kept = [line for line in lines[start or 0 :] if shows_worker(line)]
        self.lines[:0] = kept
        self._sought -= created_in(kept)
        if start is not None or not self._sought:
            self.close()
        return self.done

    def close(self) -> None:
        """Look no further."""
        self._reader.close()
