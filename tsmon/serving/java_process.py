"""A TorchServe in this machine's process table: what the system says of it and its workers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import psutil
from msgspec import Struct, field

from tsmon.torchserve.process import log_folder_in, place_of, shares_files
from tsmon.torchserve.records import WORKER_SCRIPT

TORCH_THREADS = "OMP_NUM_THREADS"
_TEMP_OPTION = "-Djava.io.tmpdir="


class WorkerProcess(Struct, frozen=True):
    """A worker in this machine's process table.

    Attributes:
        threads: OMP_NUM_THREADS of its environment; None if it is not set there.
        directory: the unpacked model it works in.
    """

    pid: int
    memory: int
    started: float
    threads: int | None = None
    directory: Path | None = None


class JavaProcess(Struct, frozen=True):
    """The server in this machine's process table.

    Attributes:
        directory: its working directory, where key_file.json is; None if that cannot be read.
        files_here: False for one in a container, whose paths mean nothing out here.
    """

    pid: int
    started: float
    command: tuple[str, ...]
    directory: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    workers: tuple[WorkerProcess, ...] = ()
    files_here: bool = True


def read_java(process: psutil.Process) -> JavaProcess:
    """What the system says about a server's process.

    Raises:
        psutil.Error: it has gone, or is another user's.
    """
    directory, environment = place_of(process)
    return JavaProcess(
        pid=process.pid,
        started=process.create_time(),
        command=tuple(process.cmdline()),
        directory=directory,
        environment=environment,
        workers=tuple(_workers(process)),
        files_here=shares_files(process.pid),
    )


def _workers(java: psutil.Process) -> Iterator[WorkerProcess]:
    for process in java.children(recursive=True):
        with suppress(psutil.Error):
            # cpu_launcher_enable starts workers below a shell that names the script, too
            if not any(Path(word).name == WORKER_SCRIPT for word in process.cmdline()[:4]):
                continue
            directory, environment = place_of(process)
            yield WorkerProcess(
                pid=process.pid,
                memory=process.memory_info().rss,
                started=process.create_time(),
                threads=_number(environment.get(TORCH_THREADS)),
                directory=directory,
            )


def log_folder(server: JavaProcess) -> Path | None:
    """Where the server writes its logs; None if its working directory is not known."""
    return log_folder_in(server.directory, server.environment)


def temp_folder(server: JavaProcess) -> Path:
    """Where the server unpacks models."""
    options = [word for word in server.command if word.startswith(_TEMP_OPTION)]
    return Path(options[-1].removeprefix(_TEMP_OPTION) if options else "/tmp")  # noqa: S108


def named_config(server: JavaProcess) -> Path | None:
    """The settings file that the server was started with."""
    named = server.environment.get("TS_CONFIG_FILE") or _argument(server.command, "-f")
    return _within(server, named) if named else None


def count_torch_threads(pid: int) -> int | None:
    """A worker's torch threads by its environment; None where that does not say or cannot be read.

    Raises:
        psutil.NoSuchProcess: it has gone.
    """
    return _number(place_of(psutil.Process(pid))[1].get(TORCH_THREADS))


def _within(server: JavaProcess, path: str) -> Path | None:
    if Path(path).is_absolute():
        return Path(path)
    return server.directory / path if server.directory else None


def _argument(command: tuple[str, ...], option: str) -> str | None:
    after = command[command.index(option) + 1 :] if option in command else ()
    return after[0] if after else None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and int(text) > 0 else None
