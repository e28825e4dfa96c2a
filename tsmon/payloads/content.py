"""What bytes are, for a person: text, JSON, an image, a sound, or something else."""

from __future__ import annotations

import io
import json
import os
import wave
from enum import StrEnum

from msgspec import Struct

from tsmon.payloads.payload import BYTES, Payload, PayloadError, Text
from tsmon.units import MIB, byte_size, duration, plural
from tsmon.untrusted.files import open_regular
from tsmon.untrusted.json import BadJson, parse_json

MOST_INDENTED = MIB
"""Bytes of JSON that is set out in lines; more is shown as it came."""
MOST_SHOWN = 100_000
"""Characters."""
HEAD = 4096
"""Bytes in which a NUL shows that it is no text."""
_IMAGES = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
}


class ContentKind(StrEnum):
    """How it can be shown."""

    JSON = "JSON"
    TEXT = "text"
    IMAGE = "image"
    AUDIO = "audio"
    BINARY = "binary"


class Content(Struct, frozen=True):
    """Bytes in words."""

    kind: ContentKind
    words: str
    """Its type, how long it lasts or how large it is: `WAV, 3.2 s, 16000 Hz, 1 channel, 96 KiB`."""
    text: str = ""
    """What a person reads of text and JSON, from the beginning; empty for all else."""


def look_at(data: bytes, content_type: str = "", size: int | None = None) -> Content:
    """What the bytes are; `size` is that of the whole, where they are its beginning.

    The bytes count more than the content type, which TorchServe's handlers seldom set.
    """
    length = byte_size(len(data) if size is None else size)
    named = content_type.partition(";")[0].strip().lower()
    if (image := _image(data)) is not None:
        return Content(ContentKind.IMAGE, f"{image}, {length}")
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return Content(ContentKind.AUDIO, ", ".join(("WAV", *_sound(data, size), length)))
    if named.startswith(("audio/", "video/")):
        return Content(ContentKind.AUDIO, f"{named}, {length}")
    if (text := _text(data, cut=size is not None and size > len(data))) is None:
        kind = named if named and named != BYTES else "binary"
        return Content(ContentKind.BINARY, f"{kind}, {length}")
    if (indented := _indented(text)) is not None:
        return Content(ContentKind.JSON, f"JSON, {length}", indented[:MOST_SHOWN])
    kind = named if named.startswith("text/") and named != "text/plain" else "text"
    if named.endswith("x-ndjson"):
        kind = "lines of JSON"
    elif named.endswith("json"):
        kind = "JSON" if size is not None and size > len(data) else "not valid JSON"
    return Content(ContentKind.TEXT, f"{kind}, {length}", text[:MOST_SHOWN])


def look_into(payload: Payload, most: int = HEAD) -> Content:
    """What a payload is, by its beginning: no more than `most` bytes of a file are read.

    Raises:
        PayloadError: it cannot be read.
    """
    if isinstance(payload, Text):
        return look_at(payload.read(), payload.content_type)
    try:
        with open_regular(payload.path) as file:
            size = os.fstat(file.fileno()).st_size
            return look_at(file.read(most), payload.content_type, size)
    except OSError as error:
        raise PayloadError(f"cannot read {payload.path}: {error.strerror or error}") from None


def _image(data: bytes) -> str | None:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    return next((name for magic, name in _IMAGES.items() if data.startswith(magic)), None)


def _sound(data: bytes, size: int | None) -> list[str]:
    """How long, how fine, how many channels; nothing where the file does not say it well."""
    try:
        with wave.open(io.BytesIO(data)) as sound:
            rate, channels, width = sound.getframerate(), sound.getnchannels(), sound.getsampwidth()
            frames = sound.getnframes()
    except (wave.Error, EOFError, ValueError, RuntimeError):
        return []
    # The frames are what the head says; no more of them are there than fit into the file.
    frames = min(frames, (len(data) if size is None else size) // max(channels * width, 1))
    seconds = [duration(frames / rate)] if rate > 0 else []
    return [*seconds, f"{rate} Hz", plural(channels, "channel")]


def _text(data: bytes, *, cut: bool) -> str | None:
    """The text, if it is some: UTF-8 without a NUL."""
    if b"\0" in data[:HEAD]:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        # The beginning of a text may end within a character.
        return data[: error.start].decode() if cut and len(data) - error.start < 4 else None


def _indented(text: str) -> str | None:
    """JSON in lines; None where it is none, or a bare word or number that reads as well as text."""
    if len(text) > MOST_INDENTED or not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.dumps(parse_json(text), indent=2, ensure_ascii=False)
    except BadJson:
        return None
