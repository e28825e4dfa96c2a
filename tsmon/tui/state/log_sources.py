"""Where the log lines of a session come from, and what is said where there are none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tsmon.logs.discovery import find_log_folder
from tsmon.logs.files import ACCESS_LOG, MODEL_LOG, MODEL_METRICS, TS_LOG, TS_METRICS
from tsmon.logs.lines import WorkerNames
from tsmon.logs.time_zone import LogZone
from tsmon.telemetry.log_page.requests import RequestFollower
from tsmon.telemetry.log_page.sources import LogFileSource, RecordedSource
from tsmon.threads import in_thread
from tsmon.tui.state.session import ReplaySession, Session
from tsmon.tui.text.notes import Note

if TYPE_CHECKING:
    from tsmon.telemetry.log_page.lines import LogLine

FILES = {
    TS_LOG: "everything the server and its workers log",
    MODEL_LOG: "what workers print",
    ACCESS_LOG: "each request with its duration",
    TS_METRICS: "the server's metrics, in metrics_mode log",
    MODEL_METRICS: "the models' metrics, in metrics_mode log",
}
"""The log files that can be read, and what is in them."""


class LineSource(Protocol):
    """Brings lines; `read` blocks."""

    zone: LogZone
    """That of their stamps."""

    @property
    def problem(self) -> str:
        """Why there is nothing to read; empty if there is."""

    def read(self) -> list[LogLine]:
        """The next lines; none when there are no more at present."""

    def close(self) -> None:
        """Let go of what is read from."""


class LogSources:
    """What can be read of a session's logs, for all pages that read them."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._found: Path | None = None
        self._requests: RequestFollower | None = None
        self._zones: dict[Path, LogZone] = {}

    @property
    def folder(self) -> Path | None:
        """Where the log files are; while the server is away, where they were."""
        if self.session.replays:
            return None
        return self.session.monitor.log_folder or self._found

    async def search(self) -> None:
        """Look in the process table for the folder of a server here that answers nothing."""
        if self.folder is None and self.session.can_act and self.session.is_local:
            management = self.session.client.addresses.management
            self._found = await in_thread(find_log_folder, management)

    def source(self, name: str) -> LineSource | None:
        """What brings the lines of a file; None where nothing can."""
        if isinstance(self.session, ReplaySession):
            return RecordedSource(self.session.recording)
        folder = self.folder
        if folder is None:
            return None
        return LogFileSource(folder, name, self._zone(folder), self._names)

    def requests(self) -> RequestFollower | None:
        """What reads single requests; the same as before as long as the folder is."""
        folder = self.folder
        if self._requests is not None and self._requests.folder != folder:
            self.close()
        if self._requests is None and folder is not None:
            self._requests = RequestFollower(folder, self._zone(folder), self._names)
        return self._requests

    def close(self) -> None:
        """Let go of what was read; what was slow once is forgotten."""
        if self._requests is not None:
            self._requests.close()
        self._requests = None

    def _names(self) -> WorkerNames:
        """Those of workers, by what is registered now."""
        return WorkerNames(model.key for model in self.session.monitor.latest.models)

    def _zone(self, folder: Path) -> LogZone:
        """That of the stamps there, as far as it is known by now."""
        return self._zones.setdefault(folder, LogZone(self.session.log_zone))


def why_no_logs(session: Session) -> Note:
    """Why there are no log files to read, and the way out."""
    if session.replays:
        return Note(
            "a recording keeps the last output of workers that died, but not the log files",
            "open the server itself, or its saved log files",
        )
    if not session.can_act:
        return Note(f"a {session.word} has no log files", session.way_out)
    metrics, server = session.monitor.latest.metrics, session.monitor.latest.server
    if metrics.log_problem:
        return Note(metrics.log_problem, "pass their folder with --logs DIR")
    if not session.is_local:
        return Note(
            f"the log files of {server.label} are on another machine",
            "mount their folder and open tsmon with --logs DIR; for a container on this machine "
            "use --logs docker:CONTAINER",
        )
    return Note(
        f"no process or container on this machine at {server.label} shows where it logs",
        "pass the folder with --logs DIR; for a container with --logs docker:CONTAINER",
    )
