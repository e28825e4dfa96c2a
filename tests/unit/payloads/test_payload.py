"""Content types by the names of files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tsmon.payloads.payload import BYTES, content_type_of


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("a.json", "application/json"),
        ("a.txt", "text/plain"),
        ("a.csv", "text/csv"),
        ("a.wav", "audio/x-wav"),
        ("a.png", BYTES),
        ("a.JPG", BYTES),
        ("a.json.gz", BYTES),
        ("a.7", BYTES),
        ("-", BYTES),
    ],
)
def test_the_suffix_says_it_and_images_are_bytes(name: str, type_: str) -> None:
    assert content_type_of(Path(name)) == type_
