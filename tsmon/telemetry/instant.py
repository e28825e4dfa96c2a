"""A moment on both clocks: the monotonic one for differences, the wall clock to show a person."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from msgspec import Struct


class Instant(Struct, frozen=True):
    """A moment on two clocks: one that never steps, and the wall clock."""

    monotonic: float
    """Seconds on a clock that never steps."""
    wall: datetime
    """Aware, UTC; may step when the clock is set."""

    @classmethod
    def now(cls) -> Instant:
        """The present moment."""
        return cls(time.monotonic(), datetime.now(UTC))

    def since(self, earlier: Instant) -> float:
        """Seconds from `earlier` to this moment."""
        return self.monotonic - earlier.monotonic

    def age(self) -> float:
        """Seconds from this moment to the present."""
        return time.monotonic() - self.monotonic
