"""Files of ours that others have no business to read: what they hold came from a server."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

FILE_MODE = 0o600
FOLDER_MODE = 0o700


def private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for their owner alone.

    Raises:
        OSError: it cannot be made.
    """
    missing = [each for each in folder.parents if not each.exists()]
    for each in (*reversed(missing), folder):
        each.mkdir(mode=FOLDER_MODE, exist_ok=True)


def write_private(file: Path, text: str) -> None:
    """Write a file for its owner alone, all of it or nothing.

    Raises:
        OSError: it cannot be written; what was there stays.
    """
    private_folder(file.parent)
    handle, made = tempfile.mkstemp(prefix=f".{file.name[:100]}.", dir=file.parent)
    new = Path(made)  # with mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as opened:
            opened.write(text)
        new.replace(file)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def make_private(file: Path) -> None:
    """Make an empty file for its owner alone where there is none; one that is there stays.

    Raises:
        OSError: it cannot be made.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    os.close(os.open(file, flags, FILE_MODE))
