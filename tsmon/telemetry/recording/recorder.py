"""Records what a source says, over full disks and lost files, without holding up who watches."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from tsmon.telemetry.recording.schema import RecordingError
from tsmon.telemetry.recording.writer import Writer

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelKey
    from tsmon.telemetry.source import Observation, Source

WRITE_PATIENCE_S = 0.5
"""How long a tick waits for the disk; the writing goes on beside it."""
CLOSE_S = 5.0
"""How long the end waits for a disk that does not answer."""
FIRST_RETRY_S = 1.0
LONGEST_RETRY_S = 60.0
SLOW = "the disk does not respond"
_SHOWN = 5
"""Spans that are named one by one."""


Clock = Callable[[], float]


class Gap(Struct):
    """Ticks in a row that are missing in the recording."""

    start: datetime
    end: datetime
    ticks: int
    reason: str

    def __str__(self) -> str:
        """Such as `14:03:12 to 14:05:40 (148 ticks): database or disk is full`."""
        begin, end = (f"{each.astimezone():%H:%M:%S}" for each in (self.start, self.end))
        ticks = f"{self.ticks} tick{'s' * (self.ticks != 1)}"
        return f"{begin} to {end} ({ticks}): {self.reason}"


class Recorder:
    """Writes ticks to a file for as long as it can, and notes those it could not write."""

    def __init__(self, path: Path, server: str, clock: Clock = time.monotonic) -> None:
        """Begin a session in the file; `clock` gives the seconds between two attempts.

        Raises:
            RecordingError: the file cannot be used.
        """
        self.path = path
        self.gaps: list[Gap] = []
        self.problem = ""
        """Why nothing is recorded now; empty while all is."""
        self._server = server
        self._clock = clock
        self._writer: Writer | None = Writer(path, server)
        self._retry_s = FIRST_RETRY_S
        self._retry_at = 0.0
        self._lock = threading.Lock()

    def write(self, observation: Observation) -> None:
        """Write a tick, or note that it is missing; blocks as long as the disk does."""
        with self._lock:
            if self._writer is None and self._clock() < self._retry_at:
                self.miss(observation, self.problem)
                return
            try:
                self._writer = self._writer or Writer(self.path, self._server)
                self._writer.write(observation)
            except RecordingError as error:
                self._give_up(observation, error)
            else:
                self.problem, self._retry_s = "", FIRST_RETRY_S

    def miss(self, observation: Observation, reason: str) -> None:
        """Note that a tick is not written."""
        now = observation.at.wall
        if self.problem and self.gaps:
            gap = self.gaps[-1]
            gap.end, gap.ticks = now, gap.ticks + 1
        else:
            self.gaps.append(Gap(now, now, 1, reason))
        self.problem = reason

    def close(self) -> None:
        """Finish the file, unless the disk still does not answer."""
        if self._lock.acquire(timeout=CLOSE_S):
            try:
                self._let_go()
            finally:
                self._lock.release()

    def _give_up(self, observation: Observation, error: RecordingError) -> None:
        """Close the file, and open it again after a pause that grows."""
        self._let_go()
        self._retry_at = self._clock() + self._retry_s
        self._retry_s = min(2 * self._retry_s, LONGEST_RETRY_S)
        self.miss(observation, error.reason)

    def _let_go(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


class RecordedSource:
    """A source whose observations are written to a file as they are asked for."""

    def __init__(self, source: Source, path: Path, clock: Clock = time.monotonic) -> None:
        """Begin a session in the file; `clock` gives the seconds between two attempts.

        Raises:
            RecordingError: the file cannot be used.
        """
        self._source = source
        self._recorder = Recorder(path, source.label, clock)
        # Of many threads each would keep memory of its own for what SQLite holds.
        self._thread = ThreadPoolExecutor(1, "recorder")
        self._writing: asyncio.Future[None] | None = None

    @property
    def label(self) -> str:
        """That of the source."""
        return self._source.label

    @property
    def missing(self) -> str:
        """What is missing in the file, in words; empty where nothing is."""
        gaps = self._recorder.gaps
        if not gaps:
            return ""
        more = f"; and {len(gaps) - _SHOWN} spans more" if len(gaps) > _SHOWN else ""
        return f"{self._recorder.path} is missing {'; '.join(map(str, gaps[:_SHOWN]))}{more}"

    async def observe(self, focus: ModelKey | None) -> Observation:
        """Ask the source and write down what it says; where that fails, the observation says so."""
        observation = await self._source.observe(focus)
        if self._writing is not None and not self._writing.done():
            self._recorder.miss(observation, SLOW)
        else:
            loop = asyncio.get_running_loop()
            self._writing = loop.run_in_executor(self._thread, self._recorder.write, observation)
            await asyncio.wait({self._writing}, timeout=WRITE_PATIENCE_S)
        problem = self._recorder.problem
        return replace(observation, not_recorded=problem) if problem else observation

    def close(self) -> None:
        """Finish the file."""
        self._recorder.close()
        self._thread.shutdown(wait=False)
