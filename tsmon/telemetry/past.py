"""The snapshots that can be gone back to."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import Snapshot

MOST_TICKS = 3600
MOST_MODELS = 10_000
"""Of all ticks together; each is 2 to 5 kB, the more the more its answers differ."""


class Past:
    """The latest snapshots, oldest first; bounded in ticks and in the models of all of them."""

    def __init__(self, most_ticks: int = MOST_TICKS, most_models: int = MOST_MODELS) -> None:
        self.most_ticks = most_ticks
        self.most_models = most_models
        self._snapshots: deque[Snapshot] = deque()
        self._models = 0

    def keep(self, snapshot: Snapshot) -> None:
        """Take one more; the oldest go when there are too many, but never the newest."""
        self._snapshots.append(snapshot)
        self._models += len(snapshot.models)
        while len(self._snapshots) > 1 and (
            len(self._snapshots) > self.most_ticks or self._models > self.most_models
        ):
            self._models -= len(self._snapshots.popleft().models)

    def __len__(self) -> int:
        return len(self._snapshots)

    def __getitem__(self, index: int) -> Snapshot:
        return self._snapshots[index]

    def since(self, moment: float) -> list[Snapshot]:
        """The snapshots at or after a moment of the monotonic clock, and at least the newest."""
        newest_first = takewhile(
            lambda each: each.at.monotonic >= moment, reversed(self._snapshots)
        )
        return list(newest_first)[::-1] or list(self._snapshots)[-1:]

    def index_at(self, moment: float) -> int:
        """The last snapshot not after a moment of the monotonic clock; 0 when all are later."""
        after = bisect_right(self._snapshots, moment, key=lambda each: each.at.monotonic)
        return max(after - 1, 0)
