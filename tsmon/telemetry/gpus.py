"""The GPUs of a server, from the gauges it publishes and from this machine's `nvidia-smi`."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from tsmon.telemetry.series.layout import read_layout
from tsmon.torchserve.gpu import QUERY, GpuUse, parse_nvidia_smi
from tsmon.units import MIB

if TYPE_CHECKING:
    from tsmon.telemetry.series.published import Published

USE, MEMORY_USED = "GPUUtilization", "GPUMemoryUsed"
DEVICE = "DeviceId"
COMMAND = "nvidia-smi"
READ_EVERY_S = 2.0
OLD_S = 10.0
"""After so long without another reading nothing is known any more."""
TIMEOUT_S = 5.0
REST_S = 60.0
"""After a failure it is left alone for so long."""
MOST_TEXT = 1 << 14


@lru_cache(1)
def published_gpus(published: Published) -> dict[str, GpuUse]:
    """The GPUs by the `DeviceId` of TorchServe's own gauges."""
    if not published.lines_of(USE) and not published.lines_of(MEMORY_USED):
        return {}
    values: dict[str, dict[str, float]] = {}
    for name in (USE, MEMORY_USED):
        for sample in read_layout(published.layout).samples.get(name, ()):
            device = dict(sample.labels).get(DEVICE)
            value = published.value(sample.line)
            if device is not None and 0 <= value < 1e9:
                values.setdefault(device, {})[name] = value
    return {device: _published(device, found) for device, found in values.items()}


def _published(device: str, found: Mapping[str, float]) -> GpuUse:
    share, used = found.get(USE), found.get(MEMORY_USED)
    return GpuUse(
        device,
        share / 100 if share is not None and share <= 100 else None,
        None if used is None else round(used * MIB),
    )


def gpu_now(described: GpuUse, *others: Mapping[str, GpuUse]) -> GpuUse:
    """A worker's GPU with what the first of the others knows that has it."""
    for known in others:
        if (found := known.get(described.id)) is not None:
            return found
    return described


class GpuReader:
    """Asks `nvidia-smi`, in a thread of its own that nothing waits for."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._path: str | None = None
        self._looked = False
        self._next = 0.0
        self._read: tuple[float, dict[str, GpuUse]] | None = None
        self._thread: threading.Thread | None = None

    def read(self) -> Mapping[str, GpuUse]:
        """The last reading, unless it is old; begins another one where that is due."""
        if not self._looked:
            self._looked, self._path = True, shutil.which(COMMAND)
        if self._path is None:
            return {}
        now = self._clock()
        if now >= self._next and (self._thread is None or not self._thread.is_alive()):
            self._next = now + READ_EVERY_S
            self._thread = threading.Thread(target=self._ask, args=(self._path,), daemon=True)
            self._thread.start()
        found = self._read
        return found[1] if found is not None and now - found[0] <= OLD_S else {}

    def _ask(self, path: str) -> None:
        try:
            ended = subprocess.run(
                [path, f"--query-gpu={QUERY}", "--format=csv,noheader,nounits"],
                capture_output=True,
                timeout=TIMEOUT_S,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            self._next = self._clock() + REST_S
            return
        text = ended.stdout[:MOST_TEXT].decode(errors="replace")
        self._read = self._clock(), parse_nvidia_smi(text)
