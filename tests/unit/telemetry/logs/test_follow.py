"""Lines of a file as they come, for a person to read."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tsmon.telemetry.logs import tail
from tsmon.telemetry.logs.tail import follow
from tsmon.untrusted.files import NotRegular


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "POLL_S", 0.01)


def test_follow_goes_on_where_the_tail_ended(tmp_path: Path) -> None:
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
