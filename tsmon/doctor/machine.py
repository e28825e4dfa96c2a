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

from tsmon.doctor.facts import FolderSize, MachineFacts, OtherServer
from tsmon.serving.java_process import log_folder, read_java, temp_folder
from tsmon.torchserve.process import find_servers, server_at

if TYPE_CHECKING:
    from tsmon.torchserve.addresses import Addresses


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


def measure(path: Path | None) -> FolderSize | None:
    """Size and entries of a folder; None if there is no such folder."""
    if path is None or not path.is_dir():
        return None
    try:
        entries = tuple(sorted(entry.name for entry in path.iterdir()))
        return FolderSize(path, sum(_sizes(path)), entries, shutil.disk_usage(path).free)
    except OSError:
        return None


def usable_cores() -> int:
    """The cores that processes started as this one was may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _sizes(folder: Path) -> Iterator[int]:
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                yield (Path(parent) / name).lstat().st_size
