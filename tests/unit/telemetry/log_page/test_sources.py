"""How the lines of a file come, each once."""

from __future__ import annotations

from pathlib import Path

from tests.unit.telemetry.log_page.lines import JAVA, printed, served
from tests.unit.telemetry.logs.real_lines import server_lines
from tsmon.telemetry.log_page.sources import LogFileSource


def write(path: Path, *lines: bytes) -> None:
    with path.open("ab") as file:
        file.writelines(line + b"\n" for line in lines)


def test_lines_come_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "ts_log.log"
    write(path, printed(1, "one"))
    feed = LogFileSource(tmp_path, path.name)
    assert [line.text for line in feed.read()] == ["one"]
    assert feed.read() == []
    write(path, printed(2, "two"))
    assert [line.text for line in feed.read()] == ["two"]
    feed.close()


def test_what_ts_log_says_twice_comes_once_with_its_stack_trace(tmp_path: Path) -> None:
    path = tmp_path / "ts_log.log"
    failed = served(1, "failed")
    write(path, failed, *JAVA, failed, *JAVA, served(1, "other"), served(1, "other"))
    texts = [line.raw for line in LogFileSource(tmp_path, path.name).read()]
    assert texts == [line.decode() for line in (failed, *JAVA, served(1, "other"))]


def test_what_a_worker_prints_twice_comes_twice(tmp_path: Path) -> None:
    path = tmp_path / "ts_log.log"
    write(path, printed(1, "again"), printed(1, "again"))
    assert len(LogFileSource(tmp_path, path.name).read()) == 2


def test_half_of_a_real_servers_own_lines_are_doubles(tmp_path: Path) -> None:
    lines = [line for line in server_lines("crash_loop") if b" MODEL_LOG - " not in line]
    write(tmp_path / "ts_log.log", *lines)
    read = LogFileSource(tmp_path, "ts_log.log").read()
    stamped = [line for line in lines if line.startswith(b"20")]
    once = [line.raw for line in read if line.stamp]
    assert sorted(once) == sorted({line.decode() for line in stamped})


def test_it_says_why_there_is_nothing(tmp_path: Path) -> None:
    assert "there is no model_log.log in" in LogFileSource(tmp_path, "model_log.log").problem
    assert "there is no log folder" in LogFileSource(tmp_path / "gone", "model_log.log").problem
    (tmp_path / "ts_log.log").mkdir()
    assert "cannot read" in LogFileSource(tmp_path, "ts_log.log").problem
