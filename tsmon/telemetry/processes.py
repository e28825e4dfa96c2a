"""Memory and CPU of local workers from this machine's process table."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import psutil

from tsmon.telemetry.intervals import IntervalFilter
from tsmon.telemetry.snapshot import ProcessUsage
from tsmon.torchserve.records import WORKER_SCRIPT


class ProcessTable:
    """Reads worker processes by pid; keeps them, as CPU use is a difference of two readings."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._processes: dict[int, psutil.Process] = {}
        self._cpu_percent: dict[int, float] = {}
        """As it was reported last."""
        self._ended: dict[int, ProcessUsage] = {}
        """Pids that were workers here and are no more."""
        self._clock = clock
        self._read_at: float | None = None
        self._pace = IntervalFilter()

    def read(self, pids: Iterable[int]) -> dict[int, ProcessUsage]:
        """Usage of those pids that are TorchServe workers here.

        A loopback address may lead to a container or through a tunnel, where the same pid is
        another process; such pids are left out. One that was a worker's and is not any more is
        reported as ended. Soon after another reading CPU use stays as it
        was: the system counts it in hundredths of a second.
        """
        wanted = set(pids)
        for gone in self._processes.keys() - wanted:
            self._forget(gone)
        self._ended = {pid: usage for pid, usage in self._ended.items() if pid in wanted}
        is_due = self._is_due()
        usages = {}
        for pid in self._worth_reading(wanted - self._ended.keys()):
            try:
                usages[pid] = self._read(pid, is_due=is_due)
            except psutil.NoSuchProcess:
                if pid in self._processes:
                    started = self._processes[pid].create_time()  # as it was read first
                    self._ended[pid] = ProcessUsage(0, 0.0, started)
                self._forget(pid)
            except (psutil.Error, _NotAWorker):
                self._forget(pid)
        return usages | self._ended

    def _worth_reading(self, pids: set[int]) -> set[int]:
        """Those that were workers here, and others that are processes of this machine at all."""
        known = pids & self._processes.keys()
        others = pids - known
        return known | others.intersection(psutil.pids()) if others else known

    def _is_due(self) -> bool:
        now, read_at = self._clock(), self._read_at
        if read_at is not None and not self._pace.is_due(now - read_at):
            return False
        if read_at is not None:
            self._pace.keep(now - read_at)
        self._read_at = now
        return True

    def _forget(self, pid: int) -> None:
        self._processes.pop(pid, None)
        self._cpu_percent.pop(pid, None)

    def _read(self, pid: int, *, is_due: bool) -> ProcessUsage:
        process = self._processes.get(pid)
        if process is not None and not _lives(process):
            raise psutil.NoSuchProcess(pid)
        if process is None:
            process = psutil.Process(pid)
            if not any(WORKER_SCRIPT in part for part in process.cmdline()):
                raise _NotAWorker
            process.create_time()  # kept by psutil, for when it has ended
            self._processes[pid] = process
            self._cpu_percent.pop(pid, None)
        with process.oneshot():
            if is_due or pid not in self._cpu_percent:
                self._cpu_percent[pid] = process.cpu_percent()
            return ProcessUsage(
                memory_bytes=process.memory_info().rss,
                cpu_percent=self._cpu_percent[pid],
                started=process.create_time(),
                cpu_seconds=sum(process.cpu_times()[:2]),  # user and system, without its children
            )


def _lives(process: psutil.Process) -> bool:
    """Whether it is still the same process, and no zombie."""
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


class _NotAWorker(Exception):
    """The pid belongs to some other process of this machine."""
