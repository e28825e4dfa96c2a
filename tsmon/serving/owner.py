"""A process by which something stands and falls, known from a later one with its number."""

from __future__ import annotations

import os
from typing import Self

import psutil
from msgspec import Struct

_NEAR_S = 1.0
"""Within which two readings of a start time are of the same process; clocks are set meanwhile."""


class Owner(Struct, frozen=True):
    """A process of this machine."""

    pid: int
    started: float
    """Unix time."""

    @classmethod
    def me(cls) -> Self:
        """The process that runs this code."""
        return cls(os.getpid(), psutil.Process().create_time())

    @property
    def lives(self) -> bool:
        """Whether it goes on; True also where that cannot be known."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < _NEAR_S
            return same and process.status() != psutil.STATUS_ZOMBIE
        except (psutil.NoSuchProcess, ValueError, OverflowError):
            return False
        except psutil.Error:
            return True
