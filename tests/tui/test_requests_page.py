"""The page of single requests."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from tests.fake import FakeTorchServe
from tests.tui.log_seat import reading, write
from tests.tui.seat import Seat
from tests.unit.telemetry.log_page.lines import OTHER, access, handled, printed, waited
from tsmon.telemetry.log_page.requests import RequestFollower
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.widgets.long_table import LongTable

CIFAR = "POST /predictions/cifar"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Three requests: a quick one, a slow one, a failed one of another model."""
    folder = tmp_path / "logs"
    write(folder, [access(1, total_ms=5), waited(1.001, 1, 3)])
    write(folder, [handled(61, 60.5), access(61.001, total_ms=900), waited(61.002, 800, 90)])
    write(folder, [access(122, 503, 40, thread=OTHER, what=CIFAR)])
    return folder


def rows(seat: Seat) -> list[str]:
    """The lines of the table."""
    return [line.strip() for line in seat.text.splitlines() if line.startswith(" 12:")]


async def test_the_slowest_come_first_with_where_their_time_went(
    fake: FakeTorchServe, options: MonitorOptions, logs: Path
) -> None:
    async with reading(fake, options, logs) as seat:
        await seat.press("Q")
        await seat.sees("Requests  slowest first", "3 seen", "✗ 1 failed")
        assert [row.split()[:5] for row in rows(seat)] == [
            ["12:01:01.001", "✓", "200", "900", "ms"],
            ["12:02:02.000", "✗", "503", "40.0", "ms"],
            ["12:00:01.000", "✓", "200", "5.0", "ms"],
        ]
        await seat.sees("total 900 ms = queue 800 ms + backend 90.0 ms (handler 60.5 ms)")
        await seat.press("down")
        await seat.sees("POST /predictions/cifar  status 503", "does not show how much of it")
        await seat.press("y")
        assert "status 503" in seat.app.clipboard
        write(logs, [access(150, total_ms=5000)])
        await seat.sees("4 seen", "12:02:30.000")
        assert rows(seat)[0].startswith("12:02:30")


async def test_it_says_how_much_is_left_to_read(
    fake: FakeTorchServe, options: MonitorOptions, logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RequestFollower, "read", lambda self: True)
    async with reading(fake, options, logs) as seat:
        await seat.press("Q")
        await seat.sees("reading, ", " left")


async def test_the_newest_first_the_failed_alone_and_one_model(
    fake: FakeTorchServe, options: MonitorOptions, logs: Path
) -> None:
    fake.load("mnist")
    async with reading(fake, options, logs) as seat:
        await seat.sees("1/1 ready")
        await seat.press("Q")
        await seat.sees("3 seen")
        await seat.press("o")
        await seat.sees("newest first")
        assert [row[:8] for row in rows(seat)] == ["12:02:02", "12:01:01", "12:00:01"]
        await seat.press("v")
        await seat.sees("✗ failed only")
        assert [row[:8] for row in rows(seat)] == ["12:02:02"]
        await seat.press("w")
        await seat.sees("mnist 1.0", "no request matches")
        await seat.press("v")
        await seat.misses("no request matches")
        assert [row[:8] for row in rows(seat)] == ["12:01:01", "12:00:01"]


async def test_one_request_is_shown_with_its_parts_and_leads_to_its_log_lines(
    fake: FakeTorchServe, options: MonitorOptions, logs: Path
) -> None:
    async with reading(fake, options, logs) as seat:
        await seat.press("Q")
        await seat.sees("3 seen")
        await seat.press("enter")
        await seat.sees("Request  mnist 1.0", "by worker 9000 of mnist 1.0", "✓ 200")
        parts = [line.split()[:3] for line in seat.text.splitlines() if "█" in line]
        assert parts == [
            ["total", "900", "ms"],
            ["queue", "800", "ms"],
            ["backend", "90.0", "ms"],
            ["handler", "60.5", "ms"],
            ["rest", "10.0", "ms"],
        ]
        await seat.sees("slower than all of the other answered ones to mnist (1)")
        await seat.press("l")
        await seat.sees("Logs  ts_log.log  mnist 1.0  worker 9000", "‖ paused", "HandlerTime")
        await seat.press("escape")
        await seat.sees("Request  mnist 1.0")
        await seat.press("escape", "down", "enter")
        await seat.sees("✗ 503 failed", "the log does not show how much of it was queue")
        await seat.press("y")
        assert "status 503" in seat.app.clipboard


async def test_log_lines_of_a_request_are_shown_from_the_table_and_esc_comes_back(
    fake: FakeTorchServe, options: MonitorOptions, logs: Path
) -> None:
    async with reading(fake, options, logs) as seat:
        await seat.press("Q")
        await seat.sees("3 seen")
        await seat.press("l")
        await seat.sees("Logs  ts_log.log  mnist 1.0  worker 9000", "‖ paused", "HandlerTime")
        await seat.press("escape")
        await seat.sees("Requests  slowest first")


async def test_requests_are_sorted_by_any_column_either_way(
    fake: FakeTorchServe, options: MonitorOptions, logs: Path
) -> None:
    async with reading(fake, options, logs) as seat:
        await seat.press("Q")
        await seat.sees("Requests  slowest first", "3 seen")
        await seat.press("O")
        await seat.sees("fastest first")
        assert [row[:8] for row in rows(seat)] == ["12:00:01", "12:02:02", "12:01:01"]
        await seat.press("o", "O")
        await seat.sees("oldest first")
        await seat.press("o")
        await seat.sees("by status ▼", "▼STATUS")
        assert rows(seat)[0].startswith("12:02:02")
        table = seat.find(LongTable)
        for arrow, first in (("▲", "12:02:02"), ("▼", "12:01:01")):
            titles = next(line for line in seat.text.splitlines() if "STATUS" in line)
            await seat.pilot.click(table, offset=(titles.index("MODEL"), 0))
            await seat.sees(f"{arrow}MODEL")
            assert rows(seat)[0].startswith(first)


async def test_requests_are_filtered(
    fake: FakeTorchServe, options: MonitorOptions, logs: Path
) -> None:
    async with reading(fake, options, logs) as seat:
        await seat.press("Q")
        await seat.sees("3 seen")
        await seat.press("slash")
        await seat.write("cifar")
        await seat.sees("filter cifar", "1 of 3 kept shown")
        await seat.press("enter")
        assert [row[:8] for row in rows(seat)] == ["12:02:02"]
        await seat.press("escape")
        await seat.misses("filter cifar")
        assert len(rows(seat)) == 3


async def test_all_requests_that_are_held_can_be_gone_through(
    fake: FakeTorchServe, options: MonitorOptions, tmp_path: Path
) -> None:
    write(tmp_path / "logs", (access(number, total_ms=4000 - number) for number in range(2600)))
    async with reading(fake, options, tmp_path / "logs", size=(80, 24)) as seat:
        await seat.press("Q")
        await seat.sees("2,600 seen", "2,500 kept")
        table = seat.find(LongTable)
        await seat.press("end")
        await seat.until(lambda: table.cursor == 2499)
        await seat.sees("total 1.4 s")
        await seat.press("pageup", "k", "ctrl+u")
        assert table.cursor < 2475
        await seat.press("home")
        await seat.sees("total 4.0 s")
        write(tmp_path / "logs", [access(2600, total_ms=9000)])
        await seat.sees("2,601 seen")
        assert table.cursor == 1, "the cursor stays on its request"


async def test_the_row_of_the_cursor_stands_out_from_the_others(
    fake: FakeTorchServe, options: MonitorOptions, logs: Path
) -> None:
    async with reading(fake, options, logs) as seat:
        await seat.press("Q")
        await seat.sees("3 seen")
        table = seat.find(LongTable)
        rows = [table.render_line(1 + row) for row in range(2)]
        first, second = ({part.style.bgcolor for part in row if part.style} for row in rows)
        assert first.isdisjoint(second)


async def test_a_second_click_opens_a_request(
    fake: FakeTorchServe, options: MonitorOptions, logs: Path
) -> None:
    async with reading(fake, options, logs) as seat:
        await seat.press("Q")
        await seat.sees("3 seen")
        table = seat.find(LongTable)
        for _ in range(2):
            await seat.pilot.click(table, offset=(5, 2))
        await seat.sees("✗ 503 failed")


async def test_the_moment_of_a_request_is_shown_in_the_monitor(
    fake: FakeTorchServe, options: MonitorOptions, logs: Path
) -> None:
    async with reading(fake, options, logs) as seat:
        await seat.press("Q")
        await seat.sees("3 seen")
        noon = datetime(2026, 11, 22, 12).astimezone()
        since = seat.monitor.session.monitor.latest.at.wall.astimezone() - noon
        write(logs, [access(since.total_seconds() + 1, total_ms=99_000)])
        await seat.sees("4 seen")
        await seat.press("up", "up", "enter")
        await seat.sees("answered", "99.0 s  ██")
        await seat.press("at")
        await seat.sees("PAUSED")


async def test_what_was_seen_is_kept_while_the_page_is_closed(
    fake: FakeTorchServe, options: MonitorOptions, logs: Path
) -> None:
    async with reading(fake, options, logs) as seat:
        await seat.press("Q")
        await seat.sees("3 seen")
        await seat.press("escape")
        (logs / "ts_log.log").unlink()
        write(logs, [access(150)])
        await seat.press("Q")
        await seat.sees("4 seen")


async def test_it_says_when_there_was_no_request(
    fake: FakeTorchServe, options: MonitorOptions, tmp_path: Path
) -> None:
    write(tmp_path / "logs", [printed(1, "nothing of interest")])
    async with reading(fake, options, tmp_path / "logs", size=(60, 20)) as seat:
        await seat.press("Q")
        await seat.sees("have no request to a model yet")


async def test_it_says_when_the_layout_of_the_log_is_not_known(
    fake: FakeTorchServe, options: MonitorOptions, tmp_path: Path
) -> None:
    write(tmp_path / "logs", [b'{"message":"answered"}'])
    async with reading(fake, options, tmp_path / "logs") as seat:
        await seat.press("Q")
        await seat.sees("not read", "ts_log.log is not read: its lines are JSON", "--log-config")
        await seat.misses("none failed")
