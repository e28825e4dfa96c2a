"""Reading files that others may have put in place of the expected ones.

A name that is given can lead to a pipe that never ends, a device, or a file larger than memory.
All of them are refused as an `OSError`, so that who reads a file has one kind of failure.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from tsmon.units import KIB


class NotRegular(OSError):
    """The path leads to a pipe, device, socket or folder."""

    def __init__(self, path: Path) -> None:
        super().__init__(errno.EINVAL, "is not a regular file", str(path))


class FileTooLarge(OSError):
    """The file has more bytes than anything of its kind needs."""

    def __init__(self, path: Path, most: int) -> None:
        super().__init__(errno.EINVAL, f"is larger than {most // KIB:,} KiB", str(path))


def expand_home(path: str | Path) -> Path:
    """The path with a leading `~` or `~user` replaced; that of a user who does not exist stays."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 (the method raises for such a user)


def open_regular(path: Path, *, buffering: int = -1) -> BinaryIO:
    """Open a file for reading bytes, without waiting for a pipe's other end.

    Raises:
        OSError: it cannot be opened.
        NotRegular: it is something else than a file.
    """
    if not _is_file(os.stat(path)):  # noqa: PTH116 (to open a device can act on it)
        raise NotRegular(path)
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        if not _is_file(os.fstat(descriptor)):
            raise NotRegular(path)
        return open(descriptor, "rb", buffering)  # noqa: PTH123 (a descriptor, not a path)
    except BaseException:
        os.close(descriptor)
        raise


def _is_file(status: os.stat_result) -> bool:
    """Whether it is a file, or `/dev/null`, which people name for an empty one."""
    if stat.S_ISCHR(status.st_mode):
        return status.st_rdev == os.stat(os.devnull).st_rdev  # noqa: PTH116
    return stat.S_ISREG(status.st_mode)


def read_bytes(path: Path, most: int) -> bytes:
    """The content of a file of at most `most` bytes.

    Raises:
        OSError: it cannot be read.
        NotRegular: it is something else than a file.
        TooLarge: it holds more.
    """
    with open_regular(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise FileTooLarge(path, most)
    return content


def read_text(path: Path, most: int, *, encoding: str = "utf-8", errors: str = "strict") -> str:
    """The text of a file of at most `most` bytes, with its line ends as they are.

    Raises:
        OSError: as `read_bytes`.
        UnicodeDecodeError: it is not in this encoding.
    """
    return read_bytes(path, most).decode(encoding, errors)
