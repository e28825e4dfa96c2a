"""What ts_log said of workers before the part of it that is followed, step by step."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path

from tsmon.logs.backwards import BackwardReader
from tsmon.logs.rolled import RolledLog
from tsmon.telemetry.logs.worker_event_lines import BANNER, shows_worker

_CREATED = re.compile(rb" - W-(\d+)-\S.* State change null -> ")


def created_in(lines: Iterable[bytes]) -> set[str]:
    """The ids of the workers whose beginning is in these lines."""
    found = (_CREATED.search(line) for line in lines)
    return {match[1].decode() for match in found if match}


class EarlierLines:
    """Goes back until it knows how each of some workers began, or to the server's start.

    Before the file's beginning it goes through the one that was rolled away before.
    """

    def __init__(self, path: Path, end: int, workers: Collection[str]) -> None:
        """Begin before the byte `end` of the file, on behalf of the workers with these ids."""
        self.lines: list[bytes] = []
        """Those about workers, in the order of the file."""
        self._sought = set(workers)
        self._path = path
        self._reader = BackwardReader(path, end if workers else 0)
        self._rolled = RolledLog(path) if workers else None
        self._older: list[bytes] = []
        """What the rolled file has of workers since the server's last start in it."""

    @property
    def done(self) -> bool:
        """Whether it goes back no further."""
        return self._reader.done and (self._rolled is None or self._rolled.done)

    @property
    def words(self) -> str:
        """What is searched, and how far it has come."""
        if self._reader.done and self._rolled is not None and self._rolled.path is not None:
            return f"searching {self._rolled.path.name}: {self._rolled.progress}"
        return f"searching {self._path.name} back: {self._reader.progress}"

    def step(self) -> bool:
        """Go back a step, which blocks; whether it is done by that."""
        if self.done:
            return False
        if self._reader.done:
            self._step_in_rolled()
        else:
            self._step_back()
        return self.done

    def _step_back(self) -> None:
        lines = self._reader.step()
        start = next((n for n in reversed(range(len(lines))) if lines[n].startswith(BANNER)), None)
        kept = [line for line in lines[start or 0 :] if shows_worker(line)]
        self.lines[:0] = kept
        self._sought -= created_in(kept)
        is_cut_short = self._reader.done and not self._reader.at_beginning
        if start is not None or not self._sought or is_cut_short:
            self.close()

    def _step_in_rolled(self) -> None:
        if self._rolled is None:
            return
        for line in filter(shows_worker, self._rolled.step()):
            if line.startswith(BANNER):
                self._older.clear()
            self._older.append(line)
        if self._rolled.done:
            self.lines[:0] = self._older

    def close(self) -> None:
        """Look no further."""
        self._reader.close()
        if self._rolled is not None:
            self._rolled.close()
