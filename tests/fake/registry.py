"""The models the fake has registered in this life."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from tests.fake.archives import Archive
from tests.fake.models import Model, Version, Worker

FIRST_WORKER_PORT = 9000


class Registry:
    """Registered models by name. Worker ports are never given twice, process ids neither."""

    def __init__(self, job_queue_size: int, pids: count[int]) -> None:
        self.models: dict[str, Model] = {}
        self._job_queue_size = job_queue_size
        self._ports = count(FIRST_WORKER_PORT)
        self._pids = pids
        self._closed = False

    def add(
        self, name: str, url: str, archive: Archive, settings: dict[str, int] | None = None
    ) -> Version:
        """Register a version; the first of a model is its default."""
        model = self.models.setdefault(name, Model(name, archive.version))
        version = Version(name, url, archive, self._job_queue_size, settings or {})
        model.versions[archive.version] = version
        return version

    def scale(self, version: Version, least: int, most: int) -> None:
        """Add workers up to `least`, remove those above `most` from the end."""
        version.min_workers, version.max_workers = least, most
        while len(version.workers) < least:
            loading = version.archive.loading
            version.workers.append(Worker(next(self._ports), loading, lambda: next(self._pids)))
        del version.workers[most:]
        version.changed.set()

    def remove(self, version: Version) -> None:
        model = self.models[version.name]
        del model.versions[version.archive.version]
        if not model.versions:
            del self.models[version.name]

    def close(self) -> None:
        """End with the server: whoever waits for a worker stops waiting."""
        self._closed = True
        for model in self.models.values():
            for version in model.versions.values():
                version.changed.set()

    async def until_ready(self, version: Version) -> None:
        """Wait as a synchronous change does."""
        await self._until(version, lambda: version.ready >= version.min_workers)

    async def until_some_ready(self, version: Version) -> None:
        """Wait as a request in the queue does."""
        await self._until(version, lambda: version.ready > 0)

    async def _until(self, version: Version, done: Callable[[], bool]) -> None:
        while not self._closed and not done():
            version.changed.clear()
            await version.changed.wait()
