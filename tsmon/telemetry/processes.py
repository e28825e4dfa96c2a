"""Memory and CPU of local workers from this machine's process table."""

from __future__ import annotations

from collections.abc import Iterable

import psutil

from tsmon.telemetry.snapshot import ProcessUsage
from tsmon.torchserve.records import WORKER_SCRIPT


class ProcessTable:
    """Reads worker processes by pid; keeps them, as CPU use is a difference of two readings."""

    def __init__(self) -> None:
        self._processes: dict[int, psutil.Process] = {}

    def read(self, pids: Iterable[int]) -> dict[int, ProcessUsage]:
        """Usage of those pids that are TorchServe workers here.

        A loopback address may lead to a container or through a tunnel, where the same pid is
        another process; such pids are left out.
        """
        wanted = set(pids)
        for gone in self._processes.keys() - wanted:
            del self._processes[gone]
        usages = {}
        for pid in wanted:
            try:
                usages[pid] = self._read(pid)
            except (psutil.Error, _NotAWorker):
                self._processes.pop(pid, None)
        return usages

    def _read(self, pid: int) -> ProcessUsage:
        process = self._processes.get(pid)
        if process is None or not process.is_running():
            process = psutil.Process(pid)
            if not any(WORKER_SCRIPT in part for part in process.cmdline()):
                raise _NotAWorker
            self._processes[pid] = process
        with process.oneshot():
            return ProcessUsage(
                memory_bytes=process.memory_info().rss,
                cpu_percent=process.cpu_percent(),
                started=process.create_time(),
            )


class _NotAWorker(Exception):
    """The pid belongs to some other process of this machine."""
