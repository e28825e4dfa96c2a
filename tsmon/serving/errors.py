"""What can go wrong when a server is made, each with what to do about it.

ServingError
├── MissingExtra          packages of `tsmon[server]` are not installed
├── NoJava                no Java runtime that TorchServe can use
├── AssetsMissing         the digit model's files are not where they belong
├── ArchiveError          a model archive cannot be built or read
│   └── ArchiveExists     … because it already exists
├── BadConfiguration      a setting that TorchServe or tsmon cannot honour
├── BadHome               the home folder cannot be used
├── HomeBusy              another tsmon is starting or stopping this home's server
├── PortTaken             an address is in use by another process
├── AlreadyRunning        this home's server runs already
├── NotRunning            there is no server to stop
├── ContainerError        docker refused something, or cannot be asked
│   └── NameTaken         … because there is a container of that name
├── StartFailed           TorchServe did not become healthy
└── StopFailed            a process outlived SIGKILL
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class ServingError(Exception):
    """Base of all errors of `tsmon.serving`.

    Attributes:
        message: what was wrong, and where.
        hint: what the person can do about it; may be empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class MissingExtra(ServingError):
    """Packages that only a server needs are not installed."""

    def __init__(self, packages: Sequence[str]) -> None:
        super().__init__(
            f"Not installed: {', '.join(packages)}", "Run: pip install 'tsmon[server]'"
        )
        self.packages = tuple(packages)


class NoJava(ServingError):
    """No Java runtime that TorchServe can use."""


class AssetsMissing(ServingError):
    """The files of the digit model are not where they belong."""


class ArchiveError(ServingError):
    """A model archive cannot be built or read."""


class ArchiveExists(ArchiveError):
    """The archive already exists, and was not to be replaced."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} already exists", "Use --force to replace it")
        self.path = path


class BadConfiguration(ServingError):
    """A setting that TorchServe or tsmon cannot honour."""


class BadHome(ServingError):
    """The home folder of a server cannot be used."""


class HomeBusy(ServingError):
    """Another tsmon is starting or stopping this home's server right now."""

    def __init__(self, home: Path) -> None:
        super().__init__(
            f"Another tsmon is starting or stopping the server of {home}",
            "Wait for it, then check with: tsmon serve status",
        )
        self.home = home


class PortTaken(ServingError):
    """An address is in use by another process.

    Attributes:
        address: `host:port`.
        pid: the process that has it; None if the system does not say.
        process: its name; empty if the system does not say.
    """

    def __init__(self, address: str, pid: int | None = None, process: str = "") -> None:
        owner = f" by {process or 'process'} (pid {pid})" if pid else ""
        super().__init__(
            f"{address} is taken{owner}",
            "Stop that process, or let tsmon choose free ports: tsmon serve start --ports free",
        )
        self.address = address
        self.pid = pid
        self.process = process


class AlreadyRunning(ServingError):
    """The server of this home runs already.

    Attributes:
        pid: of its Java process; None in a container.
        management: its management address, such as `http://127.0.0.1:8081`.
        container: the name of the container it is in; empty if it is in none.
    """

    def __init__(self, pid: int | None, management: str, container: str = "") -> None:
        super().__init__(
            f"TorchServe is already running at {management} ({_whereabouts(pid, container)})",
            "Use it, stop it (tsmon serve stop), or start another beside it with --name NAME",
        )
        self.pid = pid
        self.container = container
        self.management = management


class NotRunning(ServingError):
    """There is no server to stop."""

    def __init__(self, home: Path) -> None:
        super().__init__(f"No server is running from {home}", "Start one: tsmon serve start")
        self.home = home


class ContainerError(ServingError):
    """Docker refused something, or cannot be asked."""


class NameTaken(ContainerError):
    """There is a container of that name."""

    def __init__(self, name: str, status: str) -> None:
        super().__init__(
            f"A container {name} already exists ({status})",
            f"If it is yours, start it as it is: tsmon serve resume --name {name} (make "
            "serve-start); else choose another name with --name",
        )
        self.name = name


class StartFailed(ServingError):
    """TorchServe did not become healthy; nothing of it is left running.

    Attributes:
        log_lines: the last lines that this start wrote, oldest first.
    """

    def __init__(self, message: str, hint: str, log_lines: Sequence[str] = ()) -> None:
        super().__init__(message, hint)
        self.log_lines = tuple(log_lines)


class StopFailed(ServingError):
    """A process of the server outlived even SIGKILL."""

    def __init__(self, pids: Sequence[int]) -> None:
        super().__init__(
            f"Still running after SIGKILL: pid {', '.join(map(str, pids))}",
            "The kernel cannot end it (a hung disk or driver?); check with: ps -fp PID",
        )
        self.pids = tuple(pids)


def _whereabouts(pid: int | None, container: str) -> str:
    return f"container {container}" if container else f"pid {pid}"
