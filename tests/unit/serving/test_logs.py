from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.serving import logs
from tsmon.serving.home import Home
from tsmon.serving.logs import LogKind, follow, log_path, tail


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_BLOCK", 5)
    monkeypatch.setattr(logs, "_POLL_SECONDS", 0.01)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs") / "log"


@given(
    lines=st.lists(st.text("ab é")),
    count=st.integers(0, 5),
    ended=st.booleans(),
)
def test_tail_is_the_end_of_the_file(
    scratch: Path, lines: list[str], count: int, ended: bool
) -> None:
    text = "\n".join(lines) + "\n" * ended
    scratch.write_text(text, encoding="utf-8")

    expected = text.split("\n") if text else []
    if expected and not expected[-1]:
        expected.pop()
    assert tail(scratch, count) == (expected[-count:] if count else [])


def test_tail_since_a_byte(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("old 1\nold 2\nnew 1\nnew 2\n")

    assert tail(path, 10, since=12) == ["new 1", "new 2"]
    assert tail(path, 1, since=12) == ["new 2"]
    assert tail(path, 10, since=999) == []


def test_tail_of_no_file(tmp_path: Path) -> None:
    assert tail(tmp_path / "no", 10) == []


def test_follow_goes_on_where_the_tail_ended(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("1\n2\n3\n")
    lines = follow(path, 2)

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
    lines = follow(path, 1)
    assert next(lines) == "1"

    with path.open("a") as file:
        file.write("2\n3")
    path.rename(tmp_path / "log.1")
    path.write_text("4\n")

    assert [next(lines), next(lines), next(lines)] == ["2", "3", "4"]


def test_follow_starts_again_when_the_file_was_cut(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("a long first line\n")
    lines = follow(path, 1)
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

    assert list(follow(path, 1, stop=stop)) == ["1"] * exists


def test_where_the_logs_are() -> None:
    home = Home(Path("/home"))

    assert {kind: str(log_path(home, kind)) for kind in LogKind} == {
        "server": "/home/logs/ts_log.log",
        "model": "/home/logs/model_log.log",
        "access": "/home/logs/access_log.log",
        "console": "/home/console.log",
    }
