"""The temporary folder of one server start."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

_PREFIX = "tsmon-"
_LONGEST_SOCKET_PATH = 103  # bytes on macOS; Linux allows 107
_SOCKET = "/tsmon-12345678/.ts.sock.65535"


def make_temp_dir() -> Path:
    """A new folder with a path short enough for the sockets of the workers."""
    parent = Path(tempfile.gettempdir()).resolve()
    if len(bytes(parent)) + len(_SOCKET) > _LONGEST_SOCKET_PATH:
        parent = Path("/tmp")  # noqa: S108 - mkdtemp makes a private folder in it
    return Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))


def remove_temp_dir(path: Path) -> None:
    """Remove a folder that `make_temp_dir` made; any other is left alone."""
    if path.name.startswith(_PREFIX):
        shutil.rmtree(path, ignore_errors=True)
