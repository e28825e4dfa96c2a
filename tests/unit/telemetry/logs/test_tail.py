"""Following a log file through growth, rotation and truncation."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.telemetry.logs.tail import BLOCK, LONGEST_LINE, LogTail


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "ts_log.log"
    path.write_bytes(b"old\n")
    return path


def append(path: Path, text: bytes) -> None:
    with path.open("ab") as file:
        file.write(text)


def test_only_what_is_added_later_is_read(log: Path) -> None:
    tail = LogTail(log)

    append(log, b"one\ntwo\n")

    assert tail.read() == [b"one", b"two"]
    assert tail.read() == []


def test_a_half_written_line_waits_for_its_end(log: Path) -> None:
    tail = LogTail(log)

    append(log, b"first ha")
    assert tail.read() == []
    append(log, b"lf\n")
    assert tail.read() == [b"first half"]


def test_rotation_loses_neither_the_last_lines_of_the_old_file_nor_the_first_of_the_new(
    log: Path,
) -> None:
    tail = LogTail(log)

    append(log, b"last of old\n")
    log.rename(log.with_suffix(".22-Nov.log"))
    log.write_bytes(b"first of new\n")

    assert tail.read() == [b"last of old", b"first of new"]


def test_a_truncated_file_is_read_anew(log: Path) -> None:
    append(log, b"a long line that will be cut away\n")
    tail = LogTail(log)

    log.write_bytes(b"new\n")

    assert tail.read() == [b"new"]


def test_a_file_that_comes_later_is_read_from_its_start(tmp_path: Path) -> None:
    tail = LogTail(tmp_path / "later.log")
    assert tail.read() == []

    (tmp_path / "later.log").write_bytes(b"one\n")

    assert tail.read() == [b"one"]
    assert tail.problem is None


def test_the_backlog_begins_at_a_line(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"first\nsecond\nthird\n")

    assert LogTail(path, backlog=9).read() == [b"third"]
    assert LogTail(path, backlog=6).read() == [b"third"]
    assert LogTail(path, backlog=99).read() == [b"first", b"second", b"third"]


def test_a_folder_in_the_place_of_the_file_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    tail = LogTail(tmp_path)

    assert tail.read() == []
    assert isinstance(tail.problem, OSError)


@given(
    pieces=st.lists(
        st.tuples(
            st.sampled_from(["append", "rotate", "read"]),
            st.lists(st.binary(max_size=20).map(lambda line: line.replace(b"\n", b" "))),
        ),
        max_size=30,
    )
)
def test_every_line_is_read_once_and_in_order(
    pieces: list[tuple[str, list[bytes]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("tail") / "log"
    path.touch()
    tail = LogTail(path)
    written: list[bytes] = []
    read: list[bytes] = []
    for number, (action, lines) in enumerate(pieces):
        if action == "read":
            read += tail.read()
        elif action == "rotate" and read == written:
            # Only a file whose lines were read can be rotated twice without loss.
            path.rename(path.with_name(f"log.{number}"))
            path.touch()
        append(path, b"".join(line + b"\n" for line in lines))
        written += lines

    read += tail.read()

    assert read == written


def test_a_line_without_an_end_holds_no_reader_up(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tsmon.telemetry.logs.tail.FARTHEST", BLOCK)
    tail = LogTail(log)
    append(log, b"x" * (8 * BLOCK))

    assert tail.read(1) == []
    append(log, b"\nnext\n")
    found: list[bytes] = []
    for _ in range(10):
        found += tail.read(1)

    assert found == [b"x" * LONGEST_LINE, b"next"]


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_is_no_file_is_a_problem_and_no_wait(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "ts_log.log"
    os.mkfifo(path) if kind == "pipe" else path.symlink_to("/dev/zero")

    tail = LogTail(path)

    assert tail.read() == []
    assert "not a regular file" in str(tail.problem)


def test_bytes_that_are_no_text_are_lines_like_others(log: Path) -> None:
    tail = LogTail(log)
    append(log, b"a\0b\n\xff\xfe\r\n\x1b]52;c;\x07\n")
    assert tail.read() == [b"a\0b", b"\xff\xfe\r", b"\x1b]52;c;\x07"]
