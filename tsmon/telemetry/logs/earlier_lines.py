"""What ts_log said of workers before the part of it that is followed, step by step."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path

from tsmon.logs.files import SEARCHED_BACK
from tsmon.logs.layout import Layout
from tsmon.telemetry.logs.worker_event_lines import BANNER, shows_worker
from tsmon.units import MIB
from tsmon.untrusted.files import open_regular

STEP_BYTES = 16 << 20
"""Read at one step, which takes about a fifth of a second."""
_CREATED = re.compile(rb" - W-(\d+)-\S.* State change null -> ")


def created_in(lines: Iterable[bytes]) -> set[str]:
    """The ids of the workers whose beginning is in these lines."""
    found = (_CREATED.search(line) for line in lines)
    return {match[1].decode() for match in found if match}


class EarlierLines:
    """Goes back until it knows how each of some workers began, or to the server's start.

    It ends at the file's beginning and after `SEARCHED_BACK` bytes as well: what was before, a file
    of its own that TorchServe has packed, is not looked at.
    """

    def __init__(self, path: Path, end: int, workers: Collection[str]) -> None:
        """Begin before the byte `end` of the file, on behalf of the workers with these ids."""
        self.lines: list[bytes] = []
        """Those about workers, in the order of the file."""
        self.done = end <= 0 or not workers
        self._sought = set(workers)
        self._layout = Layout(path.name)
        self._position = self._end = end
        self._half = b""
        try:
            self._file = open_regular(path, buffering=0)
        except OSError:
            self.done = True

    @property
    def progress(self) -> str:
        """How far it has come."""
        total = min(self._end, SEARCHED_BACK)
        return f"{(self._end - self._position) // MIB} of {max(total // MIB, 1)} MiB"

    def step(self) -> bool:
        """Go back by `STEP_BYTES`, which blocks; whether it is done by that."""
        if self.done:
            return False
        start = max(0, self._position - STEP_BYTES)
        try:
            self._file.seek(start)
            text = self._file.read(self._position - start) or b""
        except OSError:
            self.close()
            return True
        self._take(text, is_first=start == 0)
        self._position = start
        if start == 0 or self._end - start >= SEARCHED_BACK or not self._sought:
            self.close()
        return self.done

    def close(self) -> None:
        """Look no further."""
        self.done = True
        self._file.close()

    def _take(self, text: bytes, *, is_first: bool) -> None:
        cut = 0 if is_first else text.find(b"\n") + 1
        whole, self._half = text[cut:] + self._half, text[:cut]
        lines = self._layout.usual(whole).split(b"\n")
        start = next((n for n in reversed(range(len(lines))) if lines[n].startswith(BANNER)), None)
        if start is not None:
            self._sought.clear()
        kept = [line for line in lines[start or 0 :] if shows_worker(line)]
        self._sought -= created_in(kept)
        self.lines[:0] = kept
