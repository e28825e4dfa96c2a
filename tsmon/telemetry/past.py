"""The snapshots that can be gone back to."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from array import array
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from tsmon.telemetry.instant import Instant
from tsmon.telemetry.packing import Packer, unpack

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import Snapshot

PAST_BYTES = 8 << 20
"""Of packed snapshots: about an hour of 20 busy models at one tick a second."""
OBSERVED_BYTES = 4 << 20
"""Of packed observations: about half an hour of 20 busy models at one tick a second."""
CHUNK_BYTES = 256 << 10
"""Bytes, before compression, from which on snapshots are put away together."""
CHUNK_TICKS = 64
"""As many are put away whatever their size: all of a chunk is unpacked to look at one."""
_MOMENT_BYTES = 16


class Past(ABC):
    """Snapshots by number, oldest first; each moment is known without its snapshot."""

    moments: Sequence[float]
    """When each was, on the monotonic clock."""
    times: Sequence[float]
    """When each was, as Unix time."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def __getitem__(self, index: int) -> Snapshot: ...

    def at(self, index: int) -> Instant:
        """When a snapshot was."""
        return Instant(self.moments[index], datetime.fromtimestamp(self.times[index], UTC))

    def since(self, moment: float) -> list[Snapshot]:
        """The snapshots at or after a moment of the monotonic clock, and at least the newest."""
        first = min(bisect_left(self.moments, moment), max(len(self) - 1, 0))
        return [self[index] for index in range(first, len(self))]

    def index_at(self, moment: float) -> int:
        """The last snapshot not after a moment of the monotonic clock; 0 when all are later."""
        return max(bisect_right(self.moments, moment) - 1, 0)


class _Timed(Protocol):
    @property
    def at(self) -> Instant:
        """When it was."""


Tick = TypeVar("Tick", bound=_Timed)


class _Chunk(NamedTuple):
    """Ticks that were put away together."""

    ticks: int
    packed: bytes


class KeptTicks(Generic[Tick]):
    """The latest ticks that fit into so many bytes, the newest in any case."""

    def __init__(self, budget: int = PAST_BYTES) -> None:
        """With a `budget` of 0 only the newest is kept."""
        self._budget = budget
        self.moments: Sequence[float]
        self.times: Sequence[float]
        self.moments = self._moments = array("d")
        self.times = self._times = array("d")
        self._chunks: deque[_Chunk] = deque()
        self._open: list[Tick] = []
        """The newest, not put away yet."""
        self._packer = Packer()
        self._enough = 0
        """Bytes from which on the open ones are put away."""
        self._unpacked: tuple[bytes, list[Tick]] = (b"", [])
        """The chunk that was looked at last, so that the next look finds the same objects."""
        self._lock = threading.RLock()

    @property
    def size(self) -> int:
        """Bytes that it takes, without the few that are not put away yet."""
        packed = sum(len(chunk.packed) for chunk in self._chunks)
        return packed + len(self._packer) + _MOMENT_BYTES * len(self._moments)

    def keep(self, tick: Tick) -> None:
        """Take one more; the oldest go when there is no room for them."""
        with self._lock:
            self._moments.append(tick.at.monotonic)
            self._times.append(tick.at.wall.timestamp())
            if self._budget == 0:
                del self._moments[:-1], self._times[:-1]
                self._open = [tick]
                return
            self._take(tick)
            while self._chunks and self.size > self._budget:
                self._forget_oldest()

    def __len__(self) -> int:
        return len(self._moments)

    def __getitem__(self, index: int) -> Tick:
        with self._lock:
            place = index if index < 0 else index - len(self)
            if not -len(self) <= place < 0:
                raise IndexError(index)
            if -place <= len(self._open):
                return self._open[place]
            place += len(self._open)
            for chunk in reversed(self._chunks):
                if -place <= chunk.ticks:
                    return self._of(chunk.packed)[place]
                place += chunk.ticks
        raise IndexError(index)

    def between(self, begin: float, end: float) -> Iterator[Tick]:
        """Those of so long of the monotonic clock; more may be kept and dropped meanwhile."""
        with self._lock:
            chunks, newest = list(self._chunks), list(self._open)
            moments = array("d", self._moments)
        first = 0
        for chunk in chunks:
            last = first + chunk.ticks - 1
            if moments[first] <= end and moments[last] >= begin:
                yield from (tick for tick in unpack(chunk.packed) if begin <= _moment(tick) <= end)
            first += chunk.ticks
        yield from (tick for tick in newest if begin <= _moment(tick) <= end)

    def _take(self, tick: Tick) -> None:
        """Write it, once the ones before it are many enough to be put away."""
        if self._open and (len(self._open) >= CHUNK_TICKS or len(self._packer) >= self._enough):
            self._chunks.append(_Chunk(len(self._open), self._packer.packed()))
            self._open, self._packer = [], Packer()
        self._packer.add(tick)
        if not self._open:
            # The first one is written whole, the ones after it where they differ: of a large
            # server some should follow it.
            self._enough = max(CHUNK_BYTES, 3 * len(self._packer))
        self._open.append(tick)

    def _forget_oldest(self) -> None:
        ticks = self._chunks.popleft().ticks
        del self._moments[:ticks], self._times[:ticks]

    def _of(self, packed: bytes) -> list[Tick]:
        if self._unpacked[0] is not packed:
            self._unpacked = packed, unpack(packed)
        return self._unpacked[1]


def _moment(tick: _Timed) -> float:
    return tick.at.monotonic


class KeptPast(KeptTicks["Snapshot"], Past):
    """The snapshots that can be gone back to."""
