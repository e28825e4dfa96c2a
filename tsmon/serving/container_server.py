"""A TorchServe in a container of this machine: made new, or started again.

All functions block. It belongs to a home folder as a process does: `LocalServer` stops it and
shows how it is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tsmon.docker.containers import ContainerFacts, find_container
from tsmon.serving import container as containers
from tsmon.serving.container import INSIDE, ContainerPlan, docker_asked
from tsmon.serving.container_launch import ContainerLaunch
from tsmon.serving.errors import BadConfiguration, BadHome, ContainerError, NameTaken
from tsmon.serving.image import MODEL_STORE
from tsmon.serving.local_server import LocalServer
from tsmon.serving.ports import LOOPBACK, check_free
from tsmon.serving.record import ServerRecord

if TYPE_CHECKING:
    from tsmon.serving.launch import ProgressCallback
    from tsmon.serving.plan import ServerPlan


class ContainerServer:
    """The container of a home folder; there is at most one server, process or container."""

    def __init__(self, home: Path | None = None, *, read_only: bool = False) -> None:
        """With `read_only` nothing is made, started, stopped or written."""
        self._local = LocalServer(home, read_only=read_only)
        self._record = self._local.home.record

    def start(
        self,
        plan: ServerPlan,
        container: ContainerPlan,
        on_progress: ProgressCallback = lambda _: None,
    ) -> ServerRecord:
        """Make a container and wait until TorchServe answers; what fails leaves nothing.

        Raises:
            ReadOnly: this is a read-only session.
            BadConfiguration: the plan cannot be honoured.
            BadHome: the home folder cannot be used.
            HomeBusy: another start or stop of this home goes on.
            AlreadyRunning: a server runs from this home.
            NameTaken: there is a container of that name.
            PortTaken: someone has one of the plan's ports.
            ContainerError: docker refused, or cannot be asked.
            StartFailed: TorchServe did not become ready.
        """
        self._local.refuse_when_read_only()
        _check_shares(plan, container)
        containers.configuration_of(plan)
        launch = ContainerLaunch(on_progress)
        with docker_asked():
            found = find_container(container.name)  # first of all whether docker can be asked
        with self._local.cleared(), docker_asked():
            if found is not None:
                raise NameTaken(container.name, found.status)
            check_free(plan.ports)
            launch.provide(container.image)
            logs = self._log_folder(container.name)
            with self._made(plan, replace(container, logs=logs)) as record:
                version = launch.start(record, plan.start_seconds)
                record = replace(record, version=version, ready=True)
                record.save(self._record)
        return record

    def resume(
        self, name: str, seconds: float, on_progress: ProgressCallback = lambda _: None
    ) -> ServerRecord:
        """Start a container again and wait until TorchServe answers; one that runs is taken as is.

        Raises:
            ReadOnly: this is a read-only session.
            ContainerError: there is no such container, it is not of use here, or docker refused.
            BadHome, HomeBusy, AlreadyRunning, PortTaken, StartFailed: as for `start`.
        """
        self._local.refuse_when_read_only()
        with docker_asked():
            found = _existing(name)
            record = _record_of(found)
            with self._local.cleared(apart_from=found.id):
                launch = ContainerLaunch(on_progress)
                version = (
                    launch.wait(record, seconds)
                    if found.running
                    else self._start_again(launch, record, seconds)
                )
                record = replace(record, version=version, ready=True)
                record.save(self._record)
        return record

    def stop(self, name: str) -> ContainerFacts:
        """Stop a container, whether it is that of the home or another; how it was before.

        Raises:
            ReadOnly: this is a read-only session.
            ContainerError: there is no such container, it does not run, or docker refused.
            BadHome: the record of the home cannot be read.
            HomeBusy: another start or stop of this home goes on.
        """
        self._local.refuse_when_read_only()
        with docker_asked():
            found = _existing(name)
            record = ServerRecord.load(self._record)
            if record is not None and record.container_id == found.id:
                self._local.stop()
            elif found.running:
                containers.stop(found.id)
            else:
                raise ContainerError(f"The container {name} is not running")
        return found

    def _log_folder(self, name: str) -> Path:
        """The folder for its logs, which its user, who is another one than here, can write to.

        No one else can: the home folder around it is private.
        """
        folder = self._local.home.container_logs(name)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o777)
        except OSError as error:
            raise BadHome(f"Cannot use {folder}: {error.strerror or error}") from error
        return folder

    @contextmanager
    def _made(self, plan: ServerPlan, container: ContainerPlan) -> Iterator[ServerRecord]:
        """A container and the record of it, until its start fails."""
        id_ = containers.create(plan, container)
        try:
            record = _record(container.name, id_, _addresses(plan), plan.model_store.resolve())
            record.save(self._record)
            yield record
        except BaseException:
            self._record.unlink(missing_ok=True)
            containers.remove(id_)
            raise

    def _start_again(self, launch: ContainerLaunch, record: ServerRecord, seconds: float) -> str:
        try:
            return launch.start(record, seconds)
        except BaseException:
            containers.stop(record.container_id, seconds=0)
            raise


def _existing(name: str) -> ContainerFacts:
    found = find_container(name)
    if found is None:
        raise ContainerError(
            f"No container {name} exists",
            f"Create it: tsmon serve start --docker --name {name} (make serve-run)",
        )
    return found


def _check_shares(plan: ServerPlan, container: ContainerPlan) -> None:
    for folder in (plan.model_store, *(share.source for share in container.shares)):
        if not folder.is_dir():
            raise BadConfiguration(f"No such folder: {folder}", "Choose an existing one")


def _addresses(plan: ServerPlan) -> dict[int, str]:
    """Where it is reached, by the port inside."""
    ports = zip(INSIDE.bound, plan.ports.bound, strict=True)
    return {inside: f"{LOOPBACK}:{here}" for inside, here in ports}


def _record_of(found: ContainerFacts) -> ServerRecord:
    """What is known of a container that someone made.

    Raises:
        ContainerError: it is not reached from here, or has its archives elsewhere.
    """
    for port in (INSIDE.inference, INSIDE.management, INSIDE.metrics):
        if port not in found.published:
            raise ContainerError(
                f"The container {found.name} does not publish port {port}",
                "Create another: tsmon serve start --docker --name OTHER",
            )
    stores = [Path(mount.source) for mount in found.mounts if mount.inside == MODEL_STORE]
    if not stores or not stores[0].is_dir():
        raise ContainerError(
            f"No folder of this machine is the model store of the container {found.name}",
            f"Start it with `docker start {found.name}`; tsmon watches it there as well",
        )
    return _record(found.name, found.id, found.published, stores[0])


def _record(name: str, id_: str, at: Mapping[int, str], model_store: Path) -> ServerRecord:
    return ServerRecord(
        container=name,
        container_id=id_,
        inference=f"http://{at[INSIDE.inference]}",
        management=f"http://{at[INSIDE.management]}",
        metrics=f"http://{at[INSIDE.metrics]}",
        model_store=model_store,
        key_file=None,
        started_at=time.time(),
        version="",
    )
