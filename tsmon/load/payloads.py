"""What is sent besides images: any file, with the content type that its name stands for."""

from __future__ import annotations

from mimetypes import MimeTypes
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

BYTES = "application/octet-stream"
_TYPES = MimeTypes()
"""Python's own table, whatever the files of this machine add to it."""


def content_type_of(file: Path) -> str:
    """The content type of a file by its suffix.

    TorchServe hands JSON to the handler as an object, text as a string and all else as bytes;
    images go as bytes, which handlers for them expect.
    """
    found, packed = _TYPES.guess_type(file.name)
    if found is None or packed or found.startswith("image/"):
        return BYTES
    return found
