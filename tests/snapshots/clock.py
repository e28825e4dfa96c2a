"""Time that passes when a scene says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from tests.snapshots.scene import START
from tsmon.telemetry.instant import Instant


@dataclass
class SceneClock:
    """Stands in place of the clocks that a picture would show."""

    second: float = 1000.0
    stride_s: float = 0.0
    """What passes by itself each time somebody looks at the monotonic clock."""

    @property
    def now(self) -> Instant:
        """The moment of the scene."""
        return Instant(self.second, START + timedelta(seconds=self.second - 1000))

    def monotonic(self) -> float:
        """As `time.monotonic`."""
        self.second += self.stride_s
        return self.second

    perf_counter = monotonic

    @staticmethod
    def uniform(_least: float, most: float) -> float:
        """As `random.uniform`, for pauses that are as long as any other."""
        return most
