"""What all lines of TorchServe's logs have in common: stamp, thread, and that they come twice."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

_WORKER = re.compile(rb"^W-(\d+)-(.+)_([^_]+?)(?:-stdout|-stderr)?$")

_YEARS = range(1971, 9000)
"""Those with room around them, so that what is added to a time, or a zone, is a time as well."""


class WorkerThread(Struct, frozen=True):
    """The worker a line is about, read from the name of its thread.

    TorchServe joins model and version with a `_`, which either may have as well. The name is cut at
    the last one; `WorkerNames` knows better where it is known what is registered.
    """

    worker_id: str
    model: str
    version: str

    def is_of(self, model: str, version: str) -> bool:
        """Whether a worker of this version has such a name."""
        return (self.model, self.version) == logged_as(model, version)


def logged_as(model: str, version: str) -> tuple[str, str]:
    """Model and version as they are read from the name of a thread of this version."""
    before, _, after = f"{model}_{version}".rpartition("_")
    return before, after


class WorkerNames:
    """The names of workers by what is registered; a name that fits two versions stays as it is."""

    def __init__(self, registered: Iterable[tuple[str, str]] = ()) -> None:
        self._versions: dict[tuple[str, str], tuple[str, str] | None] = {}
        self._models: set[str] = set()
        for version in registered:
            self._models.add(version[0])
            logged = logged_as(*version)
            self._versions[logged] = None if logged in self._versions else version

    @property
    def only_model(self) -> str:
        """The model of a server that has one; empty for others, and where that is not known."""
        return next(iter(self._models)) if len(self._models) == 1 else ""

    def are_of_one(self, model: str, version: str) -> bool:
        """Whether no other version's workers have the names of this one's."""
        return self._versions.get(logged_as(model, version)) == (model, version)

    def of(self, worker: WorkerThread) -> WorkerThread:
        """The worker with the names of the version that it serves."""
        version = self._versions.get((worker.model, worker.version))
        return WorkerThread(worker.worker_id, *version) if version is not None else worker


def worker_thread(name: bytes) -> WorkerThread | None:
    """The worker that a thread's name means, `W-PORT-MODEL_VERSION`; None for other threads."""
    match = _WORKER.match(name)
    return (
        WorkerThread(*(part.decode(errors="replace") for part in match.groups())) if match else None
    )


def parse_stamp(stamp: str) -> datetime | None:
    """A line's time as a naive datetime; None when it is not a time, or no year of a log."""
    try:
        # A layout of someone's own may have an offset; stamps without one stay comparable.
        time = datetime.fromisoformat(stamp.replace(",", ".")).replace(tzinfo=None)
    except ValueError:
        return None
    return time if time.year in _YEARS else None


class Doubles:
    """Recognises the second of a doubled line.

    TorchServe 0.12 writes nearly every line of ts_log twice. Both come from one call of one thread,
    so nothing else of that thread stands between them, while other threads' lines may.
    """

    def __init__(self) -> None:
        self._last: dict[bytes, bytes] = {}

    def is_second(self, thread: bytes, line: bytes, *, repeated: bool = False) -> bool:
        """Whether this line repeats the one before of its thread; a third one is new again.

        With `repeated` the same line follows, and the caller passes over that one by itself.
        """
        if self._last.get(thread) == line:
            del self._last[thread]
            return True
        if not repeated:
            self._last[thread] = line
        elif thread in self._last:
            del self._last[thread]
        return False
