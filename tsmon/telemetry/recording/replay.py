"""A recording as the past of a monitor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING

from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.past import Past
from tsmon.telemetry.recording.schema import RecordingError

if TYPE_CHECKING:
    from tsmon.telemetry.recording.reader import Recording
    from tsmon.telemetry.snapshot import Snapshot
    from tsmon.telemetry.source import Observation

MOST_MODELS = 150_000
"""Models of all ticks that are kept in memory, about 2 kB each."""
TICKS_AT_ONCE = 100


def stride_of(recording: Recording, most_models: int = MOST_MODELS) -> int:
    """Every how many ticks of it are kept so that they fit into memory.

    The sums are cumulative, so that ticks left out make intervals longer and lose nothing.
    """
    return max(-(-recording.model_count // most_models), 1)


def monitor_for(recording: Recording, most_models: int = MOST_MODELS) -> Monitor:
    """A monitor with room for all of a recording."""
    most_ticks = max(len(recording.ticks), 1)
    return Monitor(recording, past=Past(most_ticks, 2 * most_models))


async def read_all(
    recording: Recording, monitor: Monitor, most_models: int = MOST_MODELS
) -> AsyncIterator[tuple[Snapshot, float]]:
    """Have the monitor digest a recording; gives the newest snapshot and the share that is done.

    Raises:
        RecordingError: the file is damaged; what can be read of it was given.
    """
    indices = range(0, len(recording.ticks), stride_of(recording, most_models))
    for start in range(0, len(indices), TICKS_AT_ONCE):
        some = indices[start : start + TICKS_AT_ONCE]
        for observation in await asyncio.to_thread(_read, recording, some):
            monitor.digest(observation)
        yield monitor.latest, (start + len(some)) / len(indices)
    if recording.damage is not None:
        raise recording.damage


def _read(recording: Recording, indices: range) -> list[Observation]:
    """The observations that can be read."""
    observations: list[Observation] = []
    for index in indices:
        with suppress(RecordingError):
            observations.append(recording.observation(index))
    return observations
