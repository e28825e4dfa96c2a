"""Follows a server's logs at a place that may come and go."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from datetime import tzinfo
from typing import TYPE_CHECKING

from tsmon.logs.container_copy import ContainerCopy
from tsmon.logs.containers import NoContainerLogs, find_folder
from tsmon.logs.places import Container, LogPlace
from tsmon.logs.time_zone import LogZone
from tsmon.telemetry.logs.folder_follower import FolderFollower

if TYPE_CHECKING:
    from tsmon.telemetry.logs.request_tally import RequestTally

RETRY_S = 3.0
"""A container that could not be read is tried again so often."""


class PlaceFollower:
    """Reads the logs at one place from tick to tick. `read` and `close` block."""

    def __init__(
        self, place: LogPlace, zone: tzinfo | None = None, tally: RequestTally | None = None
    ) -> None:
        """By default the zone of the stamps is worked out; `tally` counts all requests."""
        self.place = place
        self._tally = tally
        self._zone = LogZone(zone)
        self.folder: FolderFollower | None = None
        """What was read; None while the logs cannot be read."""
        self.problem = ""
        """Why they cannot, if so."""
        self._copy: ContainerCopy | None = None
        self._tried = -RETRY_S
        self._lock = threading.Lock()  # who closes may do so while a thread still reads
        self._closed = False

    def read(self, unready: Collection[str] | None = None) -> None:
        """Read what was added since the last call; look for the place again if it was lost.

        For `unready` see `FolderFollower.read`.
        """
        with self._lock:
            if not self._closed:
                self._read(unready)

    def close(self) -> None:
        """Let go of the files and of what brings them here, for good."""
        with self._lock:
            self._closed = True
            self._let_go()

    def _read(self, unready: Collection[str] | None) -> None:
        if self._copy is not None and self._copy.problem:
            self.problem = f"the logs of {self.place} have ended: {self._copy.problem}"
            self._let_go()
            self._tried = time.monotonic()
        if self.folder is None and time.monotonic() - self._tried >= RETRY_S:
            self._open()
        if self.folder is not None:
            self.folder.read(unready)
            self.problem = self.folder.problem

    def _let_go(self) -> None:
        if self.folder is not None:
            self.folder.close()
        if self._copy is not None:
            self._copy.close()
        self.folder = self._copy = None

    def _open(self) -> None:
        self._tried = time.monotonic()
        if isinstance(self.place, Container):
            self._open_container(self.place)
        else:
            self.folder = FolderFollower(self.place, self._zone, self._tally)

    def _open_container(self, container: Container) -> None:
        try:
            folder = find_folder(container)
            if folder.mounted is not None:
                self.folder = FolderFollower(folder.mounted, self._zone, self._tally)
                return
            self._copy = ContainerCopy(folder)
            self.folder = FolderFollower(self._copy.folder, self._zone, self._tally)
        except NoContainerLogs as error:
            self.problem = f"the logs of {container} cannot be read: {error}"
