"""What bytes are, in words."""

from __future__ import annotations

import io
import struct
import wave
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.payloads.content import ContentKind, look_at, look_into
from tsmon.payloads.payload import Payload, PayloadError


def sound(seconds: float = 0.5, rate: int = 16_000) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setparams((1, 2, rate, 0, "NONE", ""))
        written.writeframes(bytes(2 * round(seconds * rate)))
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "content_type", "kind", "words"),
    [
        (b'{"a":[1]}', "", ContentKind.JSON, "JSON, 9 B"),
        (b"hello", "text/plain", ContentKind.TEXT, "text, 5 B"),
        (b"a,b", "text/csv", ContentKind.TEXT, "text/csv, 3 B"),
        (b"{not", "application/json", ContentKind.TEXT, "not valid JSON, 4 B"),
        (b"\x89PNG\r\n\x1a\n", "text/plain", ContentKind.IMAGE, "PNG, 8 B"),
        (b"ID3\0", "audio/mpeg", ContentKind.AUDIO, "audio/mpeg, 4 B"),
        (b"\0\1", "", ContentKind.BINARY, "binary, 2 B"),
        (b"", "", ContentKind.TEXT, "text, 0 B"),
        (sound(), "", ContentKind.AUDIO, "WAV, 0.5 s, 16000 Hz, 1 channel, 16 KiB"),
        (b"RIFF\0\0\0\0WAVE", "", ContentKind.AUDIO, "WAV, 12 B"),
    ],
)
def test_bytes_are_named(data: bytes, content_type: str, kind: ContentKind, words: str) -> None:
    content = look_at(data, content_type)
    assert (content.kind, content.words) == (kind, words)


def test_json_is_set_out_in_lines() -> None:
    assert look_at(b'{"a":[1]}').text == '{\n  "a": [\n    1\n  ]\n}'


def test_a_sound_that_claims_more_than_it_has_is_not_believed() -> None:
    data = bytearray(sound())
    data[40:44] = struct.pack("<I", 2**31)
    assert "WAV, 0.5 s" in look_at(bytes(data)).words


def test_only_the_beginning_of_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "long.txt"
    file.write_text("ä" * 100_000)
    content = look_into(Payload.at(file), 4095)
    assert (content.kind, content.words) == (ContentKind.TEXT, "text, 195 KiB")
    assert content.text == "ä" * 2047


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(PayloadError, match="cannot read"):
        look_into(Payload.at(tmp_path / "absent.txt"))


@given(st.binary(), st.text())
def test_any_bytes_are_something(data: bytes, content_type: str) -> None:
    assert look_at(data, content_type).words
