"""The processes of a server: found again, measured and ended without hitting any other.

They are known by the temporary folder that was made for their start alone and that is on their
command lines. A pid may belong to another process by now, and a start time as the system shows
it moves when the clock is set.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from tsmon.serving.errors import StopFailed

_POLL_SECONDS = 0.05
_WORKER_SECONDS = 3.0
_KILL_SECONDS = 10.0


def find_server(temp_dir: Path) -> psutil.Process | None:
    """The Java process; None when it has ended."""
    return next(iter(_with_argument(_server_option(temp_dir).__eq__)), None)


def find_all(temp_dir: Path) -> list[psutil.Process]:
    """The Java process, its workers even if they outlived it, and all that these started."""
    server, sockets = _server_option(temp_dir), f"{temp_dir}/.ts.sock."
    roots = _with_argument(lambda argument: argument == server or argument.startswith(sockets))
    found = [process for root in roots for process in (root, *_children(root))]
    return list(dict.fromkeys(found))


def has_ended(process: psutil.Process) -> bool:
    """Whether it is gone, or only waits for its parent to notice that it is."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def memory_of(processes: Iterable[psutil.Process]) -> dict[int, int]:
    """Resident bytes by pid, of those that still run."""
    resident = {}
    for process in processes:
        with suppress(psutil.Error):
            resident[process.pid] = process.memory_info().rss
    return resident


def end_all(temp_dir: Path, seconds: float) -> None:
    """End the server with SIGTERM, what is left of it after *seconds* with SIGKILL.

    Raises:
        StopFailed: a process outlived that.
    """
    known = find_all(temp_dir)
    if server := find_server(temp_dir):
        _signal(server.terminate)
        if _wait([server], seconds):
            _signal(server.kill)
            _wait([server], _KILL_SECONDS)
    # Without the server nothing new begins. It ended its workers, or they notice that it is gone.
    left = _wait(list({*known, *find_all(temp_dir)}), _WORKER_SECONDS)
    for process in left:
        _signal(process.kill)
    if left := _wait(left, _KILL_SECONDS):
        raise StopFailed([process.pid for process in left])


def _signal(send: Callable[[], None]) -> None:
    with suppress(psutil.NoSuchProcess):
        send()


def _wait(processes: Sequence[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait for *processes* to end; those that have not in time."""
    deadline = time.monotonic() + seconds
    while left := [process for process in processes if not has_ended(process)]:
        if time.monotonic() >= deadline:
            break
        time.sleep(_POLL_SECONDS)
    return left


def _server_option(temp_dir: Path) -> str:
    return f"-Djava.io.tmpdir={temp_dir}"


def _with_argument(matches: Callable[[str], bool]) -> list[psutil.Process]:
    return [each for each in psutil.process_iter() if any(map(matches, _arguments(each)))]


def _arguments(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:  # gone meanwhile, a zombie, or another user's
        return []


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []
