"""Payloads in files and folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from tsmon.payloads.files import find_payloads, read_lines
from tsmon.payloads.payload import PayloadError


def test_a_folder_is_read_with_those_in_it_by_name(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.json", "a/.hidden", ".git/x"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)

    found = find_payloads(tmp_path)

    assert [each.name for each in found] == ["z.json", "b.txt"]
    assert [each.content_type for each in found] == ["application/json", "text/plain"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PayloadError, match="absent"):
        find_payloads(tmp_path / "absent")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.txt", "text/plain"),
        ("a.jsonl", "application/json"),
        ("a.csv", "text/plain"),
        ("a", "text/plain"),
    ],
)
def test_each_line_is_a_payload_unless_it_is_empty(tmp_path: Path, name: str, kind: str) -> None:
    (tmp_path / name).write_text("one\n\n  \ntwo\r\n")

    lines = read_lines(tmp_path / name)

    assert [each.read() for each in lines] == [b"one", b"two"]
    assert [each.name for each in lines] == [f"{name}:1", f"{name}:4"]
    assert {each.content_type for each in lines} == {kind}


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xff\xfe"])
def test_what_has_no_lines_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    with pytest.raises(PayloadError):
        read_lines(tmp_path / "a.txt")


def test_only_line_feeds_end_a_line(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes('\ufeff["a\u2028b"]\r\n[2]\n'.encode())

    assert [each.read().decode() for each in read_lines(tmp_path / "a.jsonl")] == [
        '["a\u2028b"]',
        "[2]",
    ]
