"""Looks for the server among this machine's processes, and at what it keeps on the disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from msgspec.structs import replace

from tsmon.doctor.facts import FolderSize, JavaProcess, MachineFacts, OtherServer, WorkerProcess
from tsmon.torchserve.process import find_servers, log_folder_in, place_of, server_at, shares_files
from tsmon.torchserve.records import WORKER_SCRIPT

if TYPE_CHECKING:
    from tsmon.torchserve.addresses import Addresses

TORCH_THREADS = "OMP_NUM_THREADS"
_TEMP_OPTION = "-Djava.io.tmpdir="


def look_at_machine(addresses: Addresses) -> MachineFacts:
    """The machine, and the server at these addresses if it runs here."""
    memory = psutil.virtual_memory()
    machine = MachineFacts(
        cores=usable_cores(), memory_total=memory.total, memory_available=memory.available
    )
    if not addresses.is_local:
        return replace(machine, why_no_server="the server is on another machine")
    found = find_servers()
    process = server_at(addresses.management, found)
    if process is None:
        return replace(
            machine,
            others=tuple(OtherServer(each.pid, ports) for each, ports in found.items()),
            why_no_server=f"this user sees no TorchServe listening at {addresses.label}: it is "
            "stopped, in a container, behind a tunnel, or belongs to another user",
        )
    server = read_java(process)
    if not server.files_here:
        return replace(machine, server=server)
    return replace(
        machine,
        server=server,
        logs=measure(log_folder(server)),
        models=measure(temp_folder(server) / "models"),
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


def measure(path: Path | None) -> FolderSize | None:
    """Size and entries of a folder; None if there is no such folder."""
    if path is None or not path.is_dir():
        return None
    try:
        entries = tuple(sorted(entry.name for entry in path.iterdir()))
        return FolderSize(path, sum(_sizes(path)), entries, shutil.disk_usage(path).free)
    except OSError:
        return None


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


def usable_cores() -> int:
    """The cores that processes started as this one was may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _within(server: JavaProcess, path: str) -> Path | None:
    if Path(path).is_absolute():
        return Path(path)
    return server.directory / path if server.directory else None


def _argument(command: tuple[str, ...], option: str) -> str | None:
    after = command[command.index(option) + 1 :] if option in command else ()
    return after[0] if after else None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and int(text) > 0 else None


def _sizes(folder: Path) -> Iterator[int]:
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                yield (Path(parent) / name).lstat().st_size
