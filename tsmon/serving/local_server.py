"""A TorchServe on this machine: the start of a process, the end of any and how it is.

All functions block; from an asyncio program call them through `tsmon.threads.in_thread`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from tsmon.docker.containers import find_container
from tsmon.serving import processes
from tsmon.serving.configuration import render
from tsmon.serving.container import docker_asked, end, look, was_stopped
from tsmon.serving.errors import (
    AlreadyRunning,
    BadConfiguration,
    ContainerError,
    HomeBusy,
    NotRunning,
)
from tsmon.serving.extras import require_server
from tsmon.serving.home import Home
from tsmon.serving.java import find_java
from tsmon.serving.launch import Launch, ProgressCallback
from tsmon.serving.owner import Owner
from tsmon.serving.ports import check_free
from tsmon.serving.record import ServerRecord
from tsmon.serving.running import find_process, runs
from tsmon.serving.temp_dir import make_temp_dir, remove_temp_dir
from tsmon.torchserve.errors import ReadOnly

if TYPE_CHECKING:
    from tsmon.serving.plan import ServerPlan

_STOP_SECONDS = 30.0


class State(StrEnum):
    """How a server is."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    DIED = "died"


class LocalServerStatus(Struct, frozen=True):
    """A server at one moment.

    Attributes:
        server: what is known of it; None when it is stopped.
        uptime: seconds since its start; None unless it runs.
        memory: resident bytes of the Java process.
        worker_memory: resident bytes of the processes below it, by pid.
    """

    state: State
    home: Path
    server: ServerRecord | None = None
    uptime: float | None = None
    memory: int = 0
    worker_memory: dict[int, int] = field(default_factory=dict)


class LocalServer:
    """The server that lives in a home folder; there is at most one."""

    def __init__(self, home: Path | None = None, *, read_only: bool = False) -> None:
        """With `read_only` nothing is started, stopped or written."""
        self.home = Home.at(home)
        self._read_only = read_only

    def refuse_when_read_only(self) -> None:
        """Refuse what could not be finished.

        Raises:
            ReadOnly: this is a read-only session.
        """
        if self._read_only:
            raise ReadOnly

    def start(
        self,
        plan: ServerPlan,
        on_progress: ProgressCallback = lambda _: None,
        *,
        owned: bool = False,
    ) -> ServerRecord:
        """Start a server and wait until it answers; `owned` says that this process will stop it.

        Whatever ends the start early, Ctrl-C or an exception of *on_progress* included, also
        ends what was started. *on_progress* is called about ten times a second.

        Raises:
            ReadOnly: this is a read-only session.
            MissingExtra: TorchServe is not installed.
            NoJava: it has no Java to run with.
            BadConfiguration: the plan cannot be honoured.
            BadHome: the home folder cannot be used.
            HomeBusy: another start or stop of this home goes on.
            AlreadyRunning: a server runs from this home.
            PortTaken: another process has one of the plan's ports.
            StartFailed: TorchServe did not become ready.
        """
        self.refuse_when_read_only()
        require_server()
        java = find_java()
        if not plan.model_store.is_dir():
            raise BadConfiguration(f"No such folder: {plan.model_store}", "Make the model store")
        if plan.is_open and not plan.token_auth:
            raise BadConfiguration(
                f"Without tokens anyone who reaches {plan.address} could run code here",
                "Leave out --no-token-auth, or --bind",
            )
        configuration = render(plan)
        with self.cleared():
            check_free(plan.ports, plan.reached_at)
            self.home.config.write_text(configuration, encoding="ascii")
            temp_dir = make_temp_dir()
            with self._recorded(plan, temp_dir) as record:
                launch = Launch(self.home, plan, java, temp_dir, on_progress)
                owner = record.owner if owned else None
                record = replace(record, pid=launch.run().pid, ready=True, owner=owner)
                record.save(self.home.record)
        return record

    def stop(self, seconds: float = _STOP_SECONDS) -> ServerRecord:
        """End the server and its workers, by force after *seconds*, and clean up after it.

        A container stays, stopped.

        Raises:
            ReadOnly: this is a read-only session.
            NotRunning: none was started from this home.
            BadHome: its record cannot be read.
            HomeBusy: another start or stop of this home goes on.
            StopFailed: a process cannot be ended.
            ContainerError: it is in a container, and docker refused.
        """
        self.refuse_when_read_only()
        if not self.home.record.exists():
            raise NotRunning(self.home.path)
        with self.home.locked():
            record = ServerRecord.load(self.home.record)
            if record is None:
                raise NotRunning(self.home.path)
            self._end(record, seconds)
        return record

    def status(self) -> LocalServerStatus:
        """How the server is now.

        Raises:
            BadHome: its record cannot be read.
            ContainerError: it is in a container, and docker does not answer.
        """
        record = ServerRecord.load(self.home.record)
        if record is None:
            return LocalServerStatus(State.STOPPED, self.home.path)
        if record.container_id:
            return self._container_status(record)
        server = find_process(record)
        if server is None or record.temp_dir is None:
            return LocalServerStatus(self._state_without(record), self.home.path, record)
        memory = processes.memory_of(processes.find_all(record.temp_dir))
        return LocalServerStatus(
            State.RUNNING if record.ready else State.STARTING,
            self.home.path,
            replace(record, pid=server.pid),
            uptime=max(0.0, time.time() - record.started_at),
            memory=memory.pop(server.pid, 0),
            worker_memory=memory,
        )

    def give_to(self, owner: Owner | None, record: ServerRecord) -> ServerRecord:
        """Have another process be the one that stops a running server, or none.

        Raises:
            HomeBusy: another start or stop of this home goes on.
        """
        with self.home.locked():
            record = replace(record, owner=owner)
            record.save(self.home.record)
        return record

    @contextmanager
    def cleared(self, *, apart_from: str = "") -> Iterator[None]:
        """The home held for a start, with no server but the container of the id `apart_from`.

        Cleans up after one that died or never got ready.

        Raises:
            ReadOnly: this is a read-only session.
            BadHome: the home folder cannot be used.
            HomeBusy: another start or stop of this home goes on.
            AlreadyRunning: a server runs from this home.
        """
        self.refuse_when_read_only()
        self.home.create()
        with self.home.locked():
            record = ServerRecord.load(self.home.record)
            if record is not None and not (apart_from and record.container_id == apart_from):
                self._clear_away(record)
            yield

    def _clear_away(self, record: ServerRecord) -> None:
        if record.container_id:
            # Without an engine nothing runs in the container, and there is nothing to end.
            with suppress(ContainerError):
                if record.ready and runs(record):
                    raise AlreadyRunning(None, record.management, record.container)
                self._end(record, seconds=0)
            self.home.record.unlink(missing_ok=True)
            return
        server = find_process(record)
        if server and record.ready:
            raise AlreadyRunning(server.pid, record.management)
        self._end(record, seconds=0)

    def _container_status(self, record: ServerRecord) -> LocalServerStatus:
        with docker_asked():
            facts = find_container(record.container_id)
            if facts is None or not facts.running:
                state = State.STOPPED if was_stopped(facts) else self._state_without(record)
                return LocalServerStatus(state, self.home.path, record)
            use = look(record.container_id)
        running = State.RUNNING if use.serves else State.DIED
        return LocalServerStatus(
            running if record.ready else State.STARTING,
            self.home.path,
            record,
            uptime=max(0.0, time.time() - (facts.started or record.started_at)),
            memory=use.memory or 0,
            worker_memory=use.worker_memory,
        )

    @contextmanager
    def _recorded(self, plan: ServerPlan, temp_dir: Path) -> Iterator[ServerRecord]:
        """A record of the start, from before there is a process until its failure."""
        ports, host = plan.ports, plan.reached_at
        record = ServerRecord(
            temp_dir=temp_dir,
            inference=f"http://{host}:{ports.inference}",
            management=f"http://{host}:{ports.management}",
            metrics=f"http://{host}:{ports.metrics}",
            model_store=plan.model_store.resolve(),
            key_file=self.home.key_file if plan.token_auth else None,
            started_at=time.time(),
            version=version("torchserve"),
            owner=Owner.me(),
        )
        try:
            record.save(self.home.record)
            yield record
        except BaseException:
            self._end(record, seconds=0)
            raise

    def _end(self, record: ServerRecord, seconds: float) -> None:
        if record.container_id:
            with docker_asked():
                end(record.container_id, seconds, keep=record.ready)
        if record.temp_dir is not None:
            processes.end_all(record.temp_dir, seconds)
            remove_temp_dir(record.temp_dir)
        self.home.key_file.unlink(missing_ok=True)
        self.home.record.unlink(missing_ok=True)

    def _state_without(self, record: ServerRecord) -> State:
        """Died, unless a start is at the point where there is a record but no process yet."""
        if record.pid is not None or record.ready:
            return State.DIED
        try:
            with self.home.locked():
                return State.DIED
        except HomeBusy:
            return State.STARTING
