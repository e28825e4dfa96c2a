"""Logs with anything in them: nothing is raised, and what is sound beside it is read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.telemetry.log_page.lines import access, printed, traceback, waited
from tests.unit.telemetry.logs.real_lines import model_lines, server_lines
from tsmon.logs.files import MODEL_LOG, TS_LOG, TS_METRICS
from tsmon.logs.follower import LONGEST_LINE
from tsmon.logs.lines import parse_stamp
from tsmon.telemetry.log_page.buffer import LogBuffer
from tsmon.telemetry.log_page.requests import RequestFollower
from tsmon.telemetry.log_page.sources import LogFileSource
from tsmon.telemetry.log_page.view import LogView
from tsmon.telemetry.logs.causes import read_cause
from tsmon.telemetry.logs.folder_follower import FolderFollower
from tsmon.telemetry.logs.server_log_follower import ServerLogFollower

COUNTED = (
    b"2026-11-22T13:00:01,000 - ts_inference_requests_total.Count:1.0"
    b"|#model_name:mnist,model_version:default|#hostname:vm,timestamp:1"
)
REAL = [*server_lines("crash_loop"), access(31, 503), waited(31, 1, 2), *traceback(30), COUNTED]
REAL += [*model_lines("crash_loop"), printed(3, "hello")]
STAMP = 23
ODD = (
    b"\x00",
    b"\xff\xfe",
    b"9" * 400,
    b"9" * 5000,
    b"-1",
    b"1e999",
    b"NaN",
    b"\x1b[31m",
    b"\r",
    b" - ",
    b"",
)
STAMPS = (
    *(b"0001-01-01T00:00:00,000", b"9999-12-31T23:59:59,999", b"2026-11-22T13:00:01,000Z"),
    *(b"2026-11-22T13:00:01,000+02:00", b"2026-11-22T13:00", b"2026-99-99T99:99:99,999"),
)


@st.composite
def odd_lines(draw: st.DrawFn) -> bytes:
    """A real line, a part of it replaced, or with another stamp."""
    line = draw(st.sampled_from(REAL))
    begin, length = draw(st.integers(0, len(line))), draw(st.integers(0, 25))
    line = line[:begin] + draw(st.sampled_from(ODD) | st.binary()) + line[begin + length :]
    return draw(st.sampled_from([line, *(stamp + line[STAMP:] for stamp in STAMPS)]))


blocks = st.lists(odd_lines(), max_size=30).map(b"\n".join)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    for name in (TS_LOG, TS_METRICS, MODEL_LOG):
        (tmp_path / name).touch()
    yield tmp_path


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30
)
@given(st.lists(blocks, min_size=1, max_size=3))
def test_whatever_is_in_the_files_is_read(folder: Path, written: list[bytes]) -> None:
    follower, feed, requests = (
        FolderFollower(folder),
        LogFileSource(folder, TS_LOG),
        RequestFollower(folder),
    )
    view = LogView(LogBuffer(budget=25_000))
    for block in written:
        for name in (TS_LOG, TS_METRICS, MODEL_LOG):
            with (folder / name).open("ab") as file:
                file.write(block)
        follower.read()
        requests.read()
        view.update(view.buffer.add(feed.read()))
    now = datetime(2026, 11, 22, 13)
    for state in follower.worker_states.values():
        state.given_up()
        state.retry_in_s(now)
    for request in requests.buffer.kept():
        requests.zone.moment(request.began)
    for line in view.buffer.lines:
        if line.time is not None:
            assert feed.zone.stamp(feed.zone.moment(line.time)) == line.time
    view.row_at(now)
    read_cause(folder)
    for opened in (follower, feed, requests):
        opened.close()


def test_a_line_of_a_megabyte_and_bytes_of_any_kind_lose_no_line_around_them(
    folder: Path,
) -> None:
    feed, reader = LogFileSource(folder, TS_LOG), ServerLogFollower(folder)
    reader.read(0.0)
    junk = bytes(range(256)) * 100
    sound = [printed(1, "before"), b"x" * 3_000_000, junk, access(2), printed(3, "after")]
    (folder / TS_LOG).write_bytes(b"\n".join(sound) + b"\n" + printed(4, "half")[:40])
    reader.read(1.0)
    lines = []
    while read := feed.read():
        lines += [line.text for line in read]
    assert [text for text in lines if text in {"before", "after"}] == ["before", "after"]
    assert max(map(len, lines)) == LONGEST_LINE
    assert not any("half" in text for text in lines)
    assert sum(reader.times.statuses(reader.times.keys(), since=0.0).values()) == 1


@pytest.mark.parametrize(
    ("stamp", "time"),
    [
        ("2026-11-22T13:00:01,250", datetime(2026, 11, 22, 13, 0, 1, 250_000)),
        ("2026-11-22T13:00:01,250+02:00", datetime(2026, 11, 22, 13, 0, 1, 250_000)),
        ("0001-01-01T00:00:00,000", None),
        ("9999-12-31T23:59:59,999", None),
        ("yesterday", None),
    ],
)
def test_a_stamp_is_a_time_that_can_be_compared_or_none(stamp: str, time: datetime | None) -> None:
    assert parse_stamp(stamp) == time
