"""Follows a server's logs at a place that may come and go."""

from __future__ import annotations

import threading
import time
from datetime import tzinfo

from tsmon.telemetry.logs.docker import NoContainerLogs, find_folder
from tsmon.telemetry.logs.mirror import Mirror
from tsmon.telemetry.logs.place import Container, LogPlace
from tsmon.telemetry.logs.watch import LogWatch
from tsmon.telemetry.logs.zone import LogZone

RETRY_S = 3.0
"""A container that could not be read is tried again so often."""


class LogFollower:
    """Reads the logs at one place from tick to tick. `read` and `close` block."""

    def __init__(self, place: LogPlace, zone: tzinfo | None = None) -> None:
        """By default the zone of the stamps is worked out."""
        self.place = place
        self._zone = LogZone(zone)
        self.watch: LogWatch | None = None
        """What was read; None while the logs cannot be read."""
        self.problem = ""
        """Why they cannot, if so."""
        self._mirror: Mirror | None = None
        self._tried = -RETRY_S
        self._lock = threading.Lock()  # who closes may do so while a thread still reads
        self._closed = False

    def read(self) -> None:
        """Read what was added since the last call; look for the place again if it was lost."""
        with self._lock:
            if not self._closed:
                self._read()

    def close(self) -> None:
        """Let go of the files and of what brings them here, for good."""
        with self._lock:
            self._closed = True
            self._let_go()

    def _read(self) -> None:
        if self._mirror is not None and self._mirror.problem:
            self.problem = f"the logs of {self.place} have ended: {self._mirror.problem}"
            self._let_go()
            self._tried = time.monotonic()
        if self.watch is None and time.monotonic() - self._tried >= RETRY_S:
            self._open()
        if self.watch is not None:
            self.watch.read()
            self.problem = self.watch.reader.problem

    def _let_go(self) -> None:
        if self.watch is not None:
            self.watch.close()
        if self._mirror is not None:
            self._mirror.close()
        self.watch = self._mirror = None

    def _open(self) -> None:
        self._tried = time.monotonic()
        if isinstance(self.place, Container):
            self._open_container(self.place)
        else:
            self.watch = LogWatch(self.place, self._zone)

    def _open_container(self, container: Container) -> None:
        try:
            folder = find_folder(container)
            if folder.mounted is not None:
                self.watch = LogWatch(folder.mounted, self._zone)
                return
            self._mirror = Mirror(folder)
            self.watch = LogWatch(self._mirror.folder, self._zone)
        except NoContainerLogs as error:
            self.problem = f"the logs of {container} cannot be read: {error}"
