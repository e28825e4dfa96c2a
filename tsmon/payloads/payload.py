"""What one request carries."""

from __future__ import annotations

import random
from collections.abc import Sequence
from mimetypes import MimeTypes
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from tsmon.units import MIB
from tsmon.untrusted.files import read_bytes

BYTES = "application/octet-stream"
MOST_PAYLOAD_BYTES = 64 * MIB
"""Of a file that is sent; TorchServe by default takes a tenth of that."""
_TYPES = MimeTypes()
"""Python's own table, whatever the files of this machine add to it."""
_TYPES.add_type("application/x-ndjson", ".jsonl")
_TYPES.add_type("text/markdown", ".md")


class PayloadError(Exception):
    """A file that cannot be sent; `str()` says which and why."""


class Payload(Struct, frozen=True, tag=True):
    """A file to send, and the class that the answer should name, where that is known."""

    path: Path
    label: str | None = None
    content_type: str = BYTES

    @classmethod
    def at(cls, path: Path) -> Payload:
        """The file at a path, with the content type that its suffix stands for."""
        return Payload(path, content_type=content_type_of(path))

    @property
    def name(self) -> str:
        """What it is called among others."""
        return self.path.name

    def read(self) -> bytes:
        """What is sent, byte for byte.

        Raises:
            PayloadError: it cannot be read.
        """
        try:
            return read_bytes(self.path, MOST_PAYLOAD_BYTES)
        except OSError as error:
            raise PayloadError(f"cannot read {self.path}: {error.strerror or error}") from None


SomePayload = TypeVar("SomePayload", bound=Payload)


class Text(Payload, frozen=True):
    """A payload that is known already: a line of a file, or what a person typed."""

    text: str = ""

    @property
    def name(self) -> str:
        """The file and the number of the line in it."""
        return f"{self.path.parent.name}:{self.path.name}" if self.path.parent.name else "text"

    def read(self) -> bytes:
        """What is sent."""
        return self.text.encode()


class Held(Payload, frozen=True):
    """A payload that is no file: what came on standard input."""

    data: bytes = b""

    @property
    def name(self) -> str:
        """Where it came from."""
        return "standard input"

    def read(self) -> bytes:
        """What is sent."""
        return self.data


def content_type_of(file: Path) -> str:
    """The content type of a file by its suffix.

    TorchServe hands JSON to the handler as an object, text as a string and all else as bytes;
    images go as bytes, which handlers for them expect.
    """
    found, packed = _TYPES.guess_type(file.name)
    if found is None or packed or found.startswith("image/"):
        return BYTES
    return found


def is_text(content_type: str) -> bool:
    """Whether what is of this type can be read by a person."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind.startswith("text/") or kind.endswith(("json", "xml", "javascript", "x-ndjson"))


def pick_random(
    payloads: Sequence[SomePayload], count: int, rng: random.Random | None = None
) -> list[SomePayload]:
    """`count` payloads in random order; none twice before all were taken once.

    Raises:
        PayloadError: there are none.
    """
    if not payloads:
        raise PayloadError("there is nothing to send: no PNG or JPEG images, and no other files")
    chooser = rng or random.Random()  # noqa: S311 (a choice of pictures, no secret)
    picked: list[SomePayload] = []
    while len(picked) < count:
        picked += chooser.sample(payloads, min(count - len(picked), len(payloads)))
    return picked
