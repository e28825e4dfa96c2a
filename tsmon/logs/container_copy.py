"""Follows the logs of a container into a private folder of bounded size on this machine."""

from __future__ import annotations

import subprocess
import tempfile
import threading
from pathlib import Path

from tsmon.docker.engine import reason
from tsmon.logs.containers import ContainerFolder, NoContainerLogs, sizes
from tsmon.logs.files import MODEL_LOG, TS_LOG, TS_METRICS
from tsmon.logs.follower import BACKLOG

FOLLOWED = (TS_LOG, TS_METRICS, MODEL_LOG)
COPY_BYTES = 8 << 20
"""Of one file; there may be an older one of that size beside it."""
_BLOCK = 1 << 16
_PATIENCE_S = 15.0
_END_S = 2.0


class ContainerCopy:
    """Copies of a container's log files, as they grow."""

    def __init__(self, folder: ContainerFolder) -> None:
        """Return when what the files have now is here, the last megabytes of it; blocks.

        Raises:
            NoContainerLogs: they cannot be read.
        """
        present = sizes(folder, FOLLOWED)
        self._home = tempfile.TemporaryDirectory(prefix="tsmon-logs-")
        self.folder = Path(self._home.name)
        self._copies = [_Copy(folder, name, size, self.folder) for name, size in present.items()]
        try:
            for copy in self._copies:
                copy.wait_until_present()
        except NoContainerLogs:
            self.close()
            raise

    @property
    def problem(self) -> str:
        """Why it came to its end; empty while it goes on."""
        return next((copy.problem for copy in self._copies if copy.problem), "")

    def close(self) -> None:
        """End it and remove the copies."""
        for copy in self._copies:
            copy.end()
        self._home.cleanup()


class _Copy:
    """The copy of one file, written by a thread of its own."""

    def __init__(self, folder: ContainerFolder, name: str, size: int, here: Path) -> None:
        begin = max(0, size - BACKLOG)
        self._missing = size - begin
        self._path = here / name
        self._ended = False
        self._present = threading.Event()
        self.problem = ""
        self._process = subprocess.Popen(
            folder.follow(name, "-c", f"+{begin + 1}", quiet=True),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # so that ctrl+c reaches tsmon alone, which then ends it
        )
        self._thread = threading.Thread(target=self._write, name=f"copy of {name}", daemon=True)
        self._thread.start()

    def wait_until_present(self) -> None:
        """Wait until what the file had at first is here."""
        if not self._present.wait(_PATIENCE_S) or self.problem:
            raise NoContainerLogs(self.problem or f"{self._path.name} does not come over")

    def end(self) -> None:
        """End the process, in the container too."""
        self._ended = True
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._thread.join(_END_S)

    def _write(self) -> None:
        assert self._process.stdout and self._process.stderr  # noqa: S101 (both are pipes)
        self._path.touch()
        if self._missing <= 0:
            self._present.set()
        try:
            while block := self._process.stdout.read1(_BLOCK):  # type: ignore[attr-defined]
                self._append(block)
                self._missing -= len(block)
                if self._missing <= 0:
                    self._present.set()
            problem = reason(self._process.stderr.read(), self._process.wait())
        except OSError as error:
            problem = f"cannot write {self._path}: {error.strerror or error}"
        if not self._ended:
            self.problem = problem
        self._present.set()

    def _append(self, block: bytes) -> None:
        """Write a block; a file that is full is put aside at a line's end."""
        end = block.rfind(b"\n") + 1
        if end and self._path.stat().st_size > COPY_BYTES:
            self._put(block[:end])
            self._path.replace(self._path.with_suffix(".old"))
            block = block[end:]
        self._put(block)

    def _put(self, block: bytes) -> None:
        with self._path.open("ab") as file:
            file.write(block)
