"""What the person who opens the monitor chooses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class MonitorOptions:
    """Settings of one session of the monitor."""

    period_s: float = 1.0
    """Seconds from one sample to the next."""
    model_store: Path | None = None
    """Where the register dialog looks for archives."""
    samples: Path | None = None
    """The folder the image picker opens."""
    drawings: Path | None = None
    """Where the draw pad keeps digits; by default among the user's own data."""
    server_home: Path | None = None
    """Home of a server that is started from the monitor."""
    note: str = ""
    """A few words for the first line, such as `stops when you leave`."""
