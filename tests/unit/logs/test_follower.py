"""Following a log file through growth, rotation and truncation."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.logs import follower
from tsmon.logs.follower import BLOCK, LONGEST_LINE, FileFollower, follow
from tsmon.untrusted.files import NotRegular


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "ts_log.log"
    path.write_bytes(b"old\n")
    return path


def append(path: Path, text: bytes) -> None:
    with path.open("ab") as file:
        file.write(text)


def test_only_what_is_added_later_is_read(log: Path) -> None:
    file = FileFollower(log)

    append(log, b"one\ntwo\n")

    assert file.read() == [b"one", b"two"]
    assert file.read() == []


def test_a_half_written_line_waits_for_its_end(log: Path) -> None:
    file = FileFollower(log)

    append(log, b"first ha")
    assert file.read() == []
    append(log, b"lf\n")
    assert file.read() == [b"first half"]


def test_rotation_loses_neither_the_last_lines_of_the_old_file_nor_the_first_of_the_new(
    log: Path,
) -> None:
    file = FileFollower(log)

    append(log, b"last of old\n")
    log.rename(log.with_suffix(".22-Nov.log"))
    log.write_bytes(b"first of new\n")

    assert file.read() == [b"last of old", b"first of new"]


def test_a_truncated_file_is_read_anew(log: Path) -> None:
    append(log, b"a long line that will be cut away\n")
    file = FileFollower(log)

    log.write_bytes(b"new\n")

    assert file.read() == [b"new"]


def test_a_file_that_comes_later_is_read_from_its_start(tmp_path: Path) -> None:
    file = FileFollower(tmp_path / "later.log")
    assert file.read() == []

    (tmp_path / "later.log").write_bytes(b"one\n")

    assert file.read() == [b"one"]
    assert file.problem is None


def test_the_backlog_begins_at_a_line(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"first\nsecond\nthird\n")

    assert FileFollower(path, backlog=9).read() == [b"third"]
    assert FileFollower(path, backlog=6).read() == [b"third"]
    assert FileFollower(path, backlog=99).read() == [b"first", b"second", b"third"]


def test_a_folder_in_the_place_of_the_file_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    file = FileFollower(tmp_path)

    assert file.read() == []
    assert isinstance(file.problem, OSError)


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
    file = FileFollower(path)
    written: list[bytes] = []
    read: list[bytes] = []
    for number, (action, lines) in enumerate(pieces):
        if action == "read":
            read += file.read()
        elif action == "rotate" and read == written:
            # Only a file whose lines were read can be rotated twice without loss.
            path.rename(path.with_name(f"log.{number}"))
            path.touch()
        append(path, b"".join(line + b"\n" for line in lines))
        written += lines

    read += file.read()

    assert read == written


def test_a_line_without_an_end_holds_no_reader_up(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tsmon.logs.follower.MOST_AT_ONCE", BLOCK)
    file = FileFollower(log)
    append(log, b"x" * (8 * BLOCK))

    assert file.read(1) == []
    append(log, b"\nnext\n")
    found: list[bytes] = []
    for _ in range(10):
        found += file.read(1)

    assert found == [b"x" * LONGEST_LINE, b"next"]


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_is_no_file_is_a_problem_and_no_wait(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "ts_log.log"
    os.mkfifo(path) if kind == "pipe" else path.symlink_to("/dev/zero")

    file = FileFollower(path)

    assert file.read() == []
    assert "not a regular file" in str(file.problem)


def test_bytes_that_are_no_text_are_lines_like_others(log: Path) -> None:
    file = FileFollower(log)
    append(log, b"a\0b\n\xff\xfe\r\n\x1b]52;c;\x07\n")
    assert file.read() == [b"a\0b", b"\xff\xfe\r", b"\x1b]52;c;\x07"]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follower, "POLL_S", 0.01)


def test_follow_goes_on_where_the_last_lines_end(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("1\n2\n3\n")
    lines = follow(path, start=2)

    assert [next(lines), next(lines)] == ["2", "3"]
    with path.open("a") as file:
        file.write("4\n5")
        file.flush()
        assert next(lines) == "4"
        file.write("6\n")
    assert next(lines) == "56"


def test_follow_waits_for_the_file(tmp_path: Path) -> None:
    path = tmp_path / "log"
    lines = follow(path)
    later = threading.Timer(0.05, path.write_text, ["first\n"])
    later.start()

    assert next(lines) == "first"
    later.join()


def test_follow_takes_the_new_file_after_a_rotation(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("1\n")
    lines = follow(path)
    assert next(lines) == "1"

    with path.open("a") as file:
        file.write("2\n3")
    path.rename(tmp_path / "log.1")
    path.write_text("4\n")

    assert [next(lines), next(lines), next(lines)] == ["2", "3", "4"]


def test_follow_starts_again_when_the_file_was_cut(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("a long first line\n")
    lines = follow(path)
    assert next(lines) == "a long first line"

    path.write_text("2\n")

    assert next(lines) == "2"


@pytest.mark.parametrize("exists", [True, False])
def test_follow_ends_when_told(tmp_path: Path, exists: bool) -> None:
    path = tmp_path / "log"
    if exists:
        path.write_text("1\n")
    stop = threading.Event()
    threading.Timer(0.05, stop.set).start()

    assert list(follow(path, stop=stop)) == ["1"] * exists


def test_follow_tells_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(NotRegular):
        next(follow(tmp_path))
