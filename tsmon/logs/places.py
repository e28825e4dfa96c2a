"""Where a server's logs are, as a person writes it: a folder, or a container."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from tsmon.torchserve.errors import InvalidArgument
from tsmon.untrusted.text import one_line


class Container(Struct, frozen=True):
    """A container, and where in it the server logs to if someone said so."""

    name: str
    folder: str | None = None

    def __str__(self) -> str:
        return f"container {self.name}"


LogPlace = Path | Container
"""Where someone said that a server's logs are."""
_DOCKER = "docker:"


def parse_log_place(text: str) -> LogPlace:
    """Read a folder, docker:CONTAINER or docker:CONTAINER:/FOLDER/IN/IT.

    Raises:
        InvalidArgument: it is not one of them.
    """
    if not text.startswith(_DOCKER):
        return _folder(text)
    name, _, folder = text.removeprefix(_DOCKER).partition(":")
    if not name or (folder and not folder.startswith("/")):
        raise InvalidArgument(f"{text}: use docker:CONTAINER or docker:CONTAINER:/its/logs")
    return Container(name, folder.rstrip("/") or None)


def _folder(text: str) -> Path:
    try:
        is_file = Path(text).is_file()
    except OSError as error:
        reason = error.strerror or str(error)
        raise InvalidArgument(f"{one_line(text, 80)} cannot be a log folder: {reason}") from None
    if is_file:
        raise InvalidArgument(f"{text} is a file; give the folder it is in")
    return Path(text)
