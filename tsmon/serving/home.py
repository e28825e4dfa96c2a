"""The folder that one server lives in: its configuration, its logs, our record of it."""

from __future__ import annotations

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from msgspec import Struct
from platformdirs import user_state_path

from tsmon.logs.files import ACCESS_LOG, MODEL_LOG, TS_LOG
from tsmon.serving.errors import BadConfiguration, BadHome, HomeBusy
from tsmon.untrusted.files import expand_home
from tsmon.untrusted.private import private_folder

# TorchServe sends every log line to the console as well, 1.3 kB a request. It is not rotated
# file, so only errors go there. Its own lines it writes to ts_log twice, once for org.pytorch.serve
# and once for the root logger; once is enough, takes half the disk, and answers 4 % more requests.
_CONSOLE_LOGGING = """\
<?xml version="1.0" encoding="UTF-8"?>
<Configuration>
  <Appenders>
    <Console name="STDOUT" target="SYSTEM_OUT">
      <ThresholdFilter level="ERROR"/>
      <PatternLayout pattern="%d{ISO8601} [%-5p] %t %c - %m%n"/>
    </Console>
  </Appenders>
  <Loggers>
    <Logger name="org.pytorch.serve" level="debug" additivity="false">
      <AppenderRef ref="STDOUT"/>
    </Logger>
  </Loggers>
</Configuration>
"""


_BESIDE = "servers"
_SERVER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


def default_home() -> Path:
    """Where the server lives by default."""
    return user_state_path("tsmon") / "server"


class Home(Struct, frozen=True):
    """The paths of a server's folder; *path* must be absolute."""

    path: Path

    @classmethod
    def at(cls, folder: Path | None = None) -> Home:
        """The home in a folder that someone named, else the default one."""
        return cls(expand_home(folder or default_home()).resolve())

    @property
    def config(self) -> Path:
        """The config.properties that the server started with."""
        return self.path / "config.properties"

    @property
    def console_logging(self) -> Path:
        """What we add to TorchServe's logging configuration."""
        return self.path / "console-log4j2.xml"

    @property
    def logs(self) -> Path:
        """TorchServe's log files."""
        return self.path / "logs"

    @property
    def console(self) -> Path:
        """What the launcher and the server print."""
        return self.path / "console.log"

    @property
    def key_file(self) -> Path:
        """The tokens, which TorchServe writes to its working directory."""
        return self.path / "key_file.json"

    @property
    def record(self) -> Path:
        """What we know of the server that runs from here."""
        return self.path / "server.json"

    def beside(self, name: str) -> Home:
        """The home of another server, which has a name.

        Raises:
            BadConfiguration: it is not a valid name.
        """
        if not _SERVER_NAME.fullmatch(name):
            raise BadConfiguration(
                f"Not a name of a server: {name!r}", "Use letters, digits, dots and dashes"
            )
        return Home(self.path / _BESIDE / name)

    def all_beside(self) -> list[Home]:
        """Those of all servers beside it, by name."""
        folder = self.path / _BESIDE
        found = sorted(folder.iterdir()) if folder.is_dir() else []
        return [Home(each) for each in found if _SERVER_NAME.fullmatch(each.name)]

    def container_logs(self, name: str) -> Path:
        """The folder that a container of that name logs to."""
        return self.path / "container-logs" / name

    @property
    def unfinished(self) -> Path:
        """The folder of the notes of experiments under way."""
        return self.path / "unfinished"

    def create(self) -> None:
        """Make the folder ready for a start.

        Raises:
            BadHome: it cannot be made or written to.
        """
        try:
            private_folder(self.path)
            self.logs.mkdir(exist_ok=True)
            self.console_logging.write_text(_CONSOLE_LOGGING)
        except OSError as error:
            raise BadHome(
                f"Cannot use {self.path} as home of a server: {error.strerror or error}",
                "Choose another folder with --home or TSMON_HOME",
            ) from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the home for oneself; the system lets go of it when the process ends.

        Raises:
            HomeBusy: someone else holds it.
            BadHome: there is no such folder, or it is not writable.
        """
        try:
            lock = (self.path / ".lock").open("w")
        except OSError as error:
            raise BadHome(f"Cannot use {self.path}: {error.strerror or error}") from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise HomeBusy(self.path) from None
            yield


class LogKind(StrEnum):
    """The logs that a person looks at."""

    SERVER = "server"
    MODEL = "model"
    ACCESS = "access"
    CONSOLE = "console"


_NAMES = {
    LogKind.SERVER: TS_LOG,
    LogKind.MODEL: MODEL_LOG,
    LogKind.ACCESS: ACCESS_LOG,
}


def file_name(kind: LogKind) -> str:
    """What TorchServe calls the file of a log, which is not the console."""
    return _NAMES[kind]


def log_path(home: Home, kind: LogKind) -> Path:
    """The file of a log."""
    return home.console if kind is LogKind.CONSOLE else home.logs / file_name(kind)
