"""The page of the log files: follow, search, filter, fold, copy, and what it says without any."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual import events
from textual.strip import Strip

from tests import docker_stand_in
from tests.fake import FakeTorchServe
from tests.tui.log_seat import reading, write
from tests.tui.seat import Seat, seated, watching
from tests.unit.telemetry.log_page.lines import (
    JAVA,
    OTHER,
    access,
    printed,
    served,
    traceback,
    waited,
)
from tsmon.logs import backwards
from tsmon.logs.places import Container
from tsmon.serving.ports import free_ports
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.log_page import sources
from tsmon.telemetry.log_page.earlier import EarlierSearch
from tsmon.telemetry.logs.causes import Cause
from tsmon.telemetry.logs.known_exceptions import CauseKind
from tsmon.telemetry.recording.reader import Recording
from tsmon.telemetry.recording.writer import Writer
from tsmon.telemetry.snapshot import ModelKey
from tsmon.torchserve.addresses import Addresses
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.monitor.screen import MonitorScreen
from tsmon.tui.state.session import ReplaySession
from tsmon.tui.widgets.log_lines import LogLines


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Forty lines of two workers, a traceback among them, and what comes with a request."""
    folder = tmp_path / "logs"
    write(folder, (printed(second, f"line {second}") for second in range(30)))
    write(folder, traceback(30))
    write(folder, [waited(31, 1, 2), access(31, 503)])
    write(folder, [printed(32, "from cifar", thread=OTHER), b"{no line of TorchServe's}"])
    return folder


async def opened(seat: Seat) -> LogLines:
    """The page with all lines read."""
    await seat.press("l")
    await seat.sees("{no line of TorchServe's}", "following")
    return seat.find(LogLines)


async def test_lines_are_followed_until_one_goes_up_and_again_from_the_end(
    fake: FakeTorchServe, options: MonitorOptions, logs: Path
) -> None:
    async with reading(fake, options, logs) as seat:
        lines = await opened(seat)
        await seat.sees("Logs  ts_log.log", "▼ following", "35 of 39 lines", "1 routine hidden")
        await seat.misses("line 3")
        write(logs, [printed(40, "a new line")])
        await seat.sees("a new line")
        await seat.press("up")
        await seat.sees("‖ paused")
        write(logs, (printed(50 + number, f"later {number}") for number in range(30)))
        await seat.sees("66 of 70 lines")
        await seat.misses("later 29")
        await seat.press("end")
        await seat.sees("later 29", "▼ following")
        await seat.press("F")
        await seat.sees("‖ paused")
        await seat.press("home")
        await seat.sees("line 0")
        assert lines.cursor == 0
        await seat.press("pagedown", "F")
        await seat.sees("later 29", "▼ following")
        await seat.press("escape")
        await seat.sees("1 Models")


async def test_lines_of_a_model_before_much_of_another_are_searched_for(
    fake: FakeTorchServe, options: MonitorOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.load("mnist")
    monkeypatch.setattr(sources, "PAGE_BACKLOG", 2_000)
    monkeypatch.setattr(backwards, "STEP_BYTES", 3_000)
    folder = tmp_path / "logs"
    write(folder, [*traceback(1), *(printed(2, f"of cifar {n}", thread=OTHER) for n in range(200))])

    async with reading(fake, options, folder) as seat:
        await seat.sees("1/1 ready")
        await seat.press("l")
        await seat.sees(
            "KeyError: 'body'", "… of what is above here only lines of mnist 1.0 are shown …"
        )
        await seat.misses("of cifar")
        await seat.press("c")
        await seat.sees("of cifar 199")


async def test_it_says_how_far_it_has_searched_back(
    fake: FakeTorchServe, options: MonitorOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.load("mnist")
    monkeypatch.setattr(sources, "PAGE_BACKLOG", 2_000)
    monkeypatch.setattr(EarlierSearch, "step", lambda self: self.done)
    folder = tmp_path / "logs"
    write(folder, (printed(2, f"of cifar {n}", thread=OTHER) for n in range(200)))

    async with reading(fake, options, folder) as seat:
        await seat.sees("1/1 ready")
        await seat.press("l")
        await seat.sees("searching ts_log.log back for lines of mnist 1.0: 0 of 1 MiB")


async def test_the_line_of_the_cursor_stands_out_from_the_others(
    fake: FakeTorchServe, options: MonitorOptions, logs: Path
) -> None:
    async with reading(fake, options, logs) as seat:
        lines = await opened(seat)
        await seat.press("up")
        at = lines.cursor - lines.scroll_offset.y
        assert backgrounds(lines.render_line(at)).isdisjoint(backgrounds(lines.render_line(at - 1)))


def backgrounds(strip: Strip) -> set[object]:
    return {part.style.bgcolor for part in strip if part.style and part.text.strip()}


async def test_the_mouse_wheel_stops_following_and_a_second_click_opens(
    fake: FakeTorchServe, options: MonitorOptions, logs: Path
) -> None:
    async with reading(fake, options, logs) as seat:
        await opened(seat)
        lines = seat.find(LogLines)
        lines.post_message(_wheel(lines))
        await seat.sees("‖ paused")
        row = next(at for at, line in enumerate(lines.view.rows) if line.is_head)
        place = (30, row - lines.scroll_offset.y)
        await seat.pilot.click(lines, offset=place)
        await seat.until(lambda: lines.cursor == row)
        await seat.pilot.click(lines, offset=place)
        await seat.sees("▾ Traceback")


async def test_a_text_is_found_also_in_a_folded_traceback(
    fake: FakeTorchServe, options: MonitorOptions, logs: Path
) -> None:
    async with reading(fake, options, logs) as seat:
        await opened(seat)
        await seat.press("n")
        await seat.sees("no search yet")
        await seat.press("slash")
        await seat.write("LINE")
        await seat.sees("0 hits")
        await seat.write("line")
        await seat.sees("32 hits")
        await seat.press("enter")
        await seat.sees("32 of 32 hits")
        await seat.press("N", "N")
        await seat.sees("30 of 32 hits", "▾ Traceback", 'File "handler.py", line 13')
        await seat.press("n", "n", "n")
        await seat.sees("1 of 32 hits", "line 0")
        await seat.press("escape")
        await seat.misses("hits")
        await seat.press("escape")
        await seat.sees("1 Models")


async def test_a_traceback_is_unfolded_and_another_line_shown_whole(
    fake: FakeTorchServe, options: MonitorOptions, logs: Path
) -> None:
    write(logs, [served(60, "interrupted"), *JAVA])
    async with reading(fake, options, logs) as seat:
        await seat.press("l")
        await seat.sees("▸ KeyError: 'body'  (4 lines)", "▸ interrupted: java.lang.Interrupted")
        await seat.press("enter")
        await seat.sees("at java.lang.Thread.run")
        await seat.press("enter")
        await seat.misses("at java.lang.Thread.run")
        await seat.press("E")
        await seat.sees("wish = row['body']", "at java.lang.Thread.run")
        await seat.press("E", "up")
        await seat.misses("wish = row['body']")
        await seat.press("enter")
        await seat.sees("ts_log.log line", "y copies")
        await seat.press("y")
        assert seat.app.clipboard == "{no line of TorchServe's}"
        await seat.press("escape")
        await seat.misses("ts_log.log line")


async def test_a_line_is_copied_as_it_stands_in_the_file_with_what_is_folded_below(
    fake: FakeTorchServe, options: MonitorOptions, logs: Path
) -> None:
    async with reading(fake, options, logs) as seat:
        lines = await opened(seat)
        await seat.press("y")
        assert seat.app.clipboard == "{no line of TorchServe's}"
        row = next(line for line in lines.view.rows if line.is_head)
        lines.go_to_line(row)
        await seat.press("y")
        assert seat.app.clipboard.encode().split(b"\n") == traceback(30)[1:]


async def test_a_copied_line_does_not_show_the_signature_of_a_url(
    fake: FakeTorchServe, options: MonitorOptions, logs: Path
) -> None:
    write(logs, [printed(60, "loads https://s3/m.mar?X-Amz-Signature=abc")])
    async with reading(fake, options, logs) as seat:
        await seat.press("l")
        await seat.sees("loads https://s3")
        for opens in ((), ("enter",)):
            await seat.press(*opens, "y")
            await seat.until(lambda: seat.app.clipboard.endswith("loads https://s3/m.mar?***"))
            seat.app.copy_to_clipboard("")


async def test_lines_are_narrowed_to_a_level_a_worker_and_without_what_is_routine(
    fake: FakeTorchServe, options: MonitorOptions, logs: Path
) -> None:
    async with reading(fake, options, logs) as seat:
        await opened(seat)
        await seat.press("x")
        await seat.sees("Waiting time ns", "36 of 39 lines", "with routine")
        await seat.press("x", "v", "v", "v")
        await seat.sees("from ERROR on", "▸ KeyError", '" 503 12', "2 of 39 lines")
        await seat.press("v", "w")
        await seat.sees("Show lines of", "mnist 1.0", "worker 9001 of cifar 2.0")
        await seat.press("end", "enter")
        await seat.sees("worker 9001", "from cifar", "1 of 39 lines")
        await seat.press("v", "v")
        await seat.sees("none of its 39 lines matches", "c shows all")
        await seat.press("c")
        await seat.sees("35 of 39 lines")


async def test_requests_that_were_answered_are_routine_in_ts_log_and_not_in_access_log(
    fake: FakeTorchServe, options: MonitorOptions, tmp_path: Path
) -> None:
    folder = tmp_path / "logs"
    write(folder, [access(1), access(2, what="GET /models"), access(3, 404), printed(4, "it said")])
    plain = b'2026-11-22T12:00:01,000 - /127.0.0.1:5 "%s HTTP/1.1" 200 7'
    lines = [plain % b"POST /predictions/mnist", plain % b"GET /models"]
    write(folder, lines, "access_log.log")
    async with reading(fake, options, folder) as seat:
        await seat.press("l")
        await seat.sees('" 404 12', "it said", "2 of 4 lines", "2 routine hidden")
        await seat.press("f")
        await seat.sees("access_log.log")
        await seat.press("down", "down", "enter")
        await seat.sees("POST /predictions/mnist", "1 of 2 lines", "1 routine hidden")
        write(folder, [plain % b"GET /ping"], "access_log.log")
        await seat.sees("1 of 3 lines", "2 routine hidden")


async def test_where_all_lines_are_routine_it_says_so_and_how_to_see_them(
    fake: FakeTorchServe, options: MonitorOptions, tmp_path: Path
) -> None:
    write(tmp_path / "logs", [access(1), access(2)])
    async with reading(fake, options, tmp_path / "logs") as seat:
        await seat.press("l")
        await seat.sees("all its 2 lines are routine and hidden", "x shows them")
        await seat.press("x")
        await seat.sees("POST /predictions/mnist", "2 of 2 lines")


async def test_from_the_workers_it_shows_the_worker_under_the_cursor(
    fake: FakeTorchServe, options: MonitorOptions, logs: Path
) -> None:
    fake.load("mnist")
    write(logs, [printed(70, "of another worker", thread="W-9007-mnist_1.0")])
    async with reading(fake, options, logs) as seat:
        await seat.sees("1/1 ready")
        await seat.press("l")
        await seat.sees("Logs  ts_log.log  mnist 1.0", "of another worker", "line 29")
        await seat.misses("from cifar")
        await seat.press("escape", "2", "l")
        await seat.sees("mnist 1.0  worker 9000", "line 29")
        await seat.misses("of another worker")


async def test_another_file_is_read(
    fake: FakeTorchServe, options: MonitorOptions, logs: Path
) -> None:
    write(logs, [printed(1, "only in model_log")], "model_log.log")
    async with reading(fake, options, logs) as seat:
        await opened(seat)
        await seat.press("f")
        await seat.sees("what workers print", "access_log.log", "(not there)")
        await seat.press("down", "enter")
        await seat.sees("Logs  model_log.log", "only in model_log")
        await seat.press("f", "down", "enter")
        await seat.sees("there is no access_log.log in", "f reads another file")


async def test_a_long_line_is_seen_to_its_end(
    fake: FakeTorchServe, options: MonitorOptions, logs: Path
) -> None:
    write(logs, [printed(80, "begins " + "-" * 120 + " ends")])
    async with reading(fake, options, logs, size=(80, 24)) as seat:
        await seat.press("l")
        await seat.sees("begins --")
        await seat.misses(" ends")
        await seat.press("right", "right", "right", "right")
        await seat.sees("- ends")
        await seat.press(*["left"] * 5)
        await seat.sees("begins --")


async def test_the_moment_of_a_line_is_shown_in_the_monitor_if_it_was_seen(
    fake: FakeTorchServe, options: MonitorOptions, logs: Path
) -> None:
    async with reading(fake, options, logs) as seat:
        await opened(seat)
        await seat.press("at")
        await seat.sees("this line has no timestamp")
        now = seat.monitor.session.monitor.latest.at.wall.astimezone()
        write(logs, [f"{now:%Y-%m-%dT%H:%M:%S},999 - just now".encode()])
        await seat.sees("just now")
        await seat.press("at")
        await seat.sees("PAUSED")
        await seat.press("p", "l")
        await seat.sees("just now")
        await seat.press("home", "at")
        await seat.sees("no data as early as 2026-11-22 12:00:00")


@pytest.fixture
def machine_in_india(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("machine_in_india")
async def test_the_moment_of_a_line_of_a_container_in_utc_is_the_right_one(
    fake: FakeTorchServe, options: MonitorOptions, tmp_path: Path
) -> None:
    logs = tmp_path / "logs"
    early = datetime.now(UTC) - timedelta(minutes=67)
    write(logs, [f"{early:%Y-%m-%dT%H:%M:%S},000 - an hour ago".encode()])
    async with reading(fake, options, logs) as seat:
        await seat.press("l")
        await seat.sees("an hour ago")
        now = seat.monitor.session.monitor.latest.at.wall.astimezone(UTC)
        write(logs, [f"{now:%Y-%m-%dT%H:%M:%S},999 - just now".encode()])
        await seat.sees("just now", "times in UTC")
        await seat.press("at")
        await seat.sees("PAUSED")
        await seat.press("l")
        await seat.until(lambda: "just now" in _chosen(seat))
        await seat.press("home", "at")
        await seat.sees(f"no data as early as {early.astimezone():%Y-%m-%d %H:%M}")


async def test_lines_of_a_server_that_is_down_are_read_as_well(
    fake: FakeTorchServe, options: MonitorOptions, logs: Path
) -> None:
    fake.kill()
    async with reading(fake, options, logs) as seat:
        await seat.sees("✗ away")
        await opened(seat)


async def test_lines_of_a_container_are_followed(
    fake: FakeTorchServe,
    options: MonitorOptions,
    logs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    docker_stand_in.install(tmp_path / "engine", monkeypatch).run(logs.parent)
    async with reading(fake, options, Container(docker_stand_in.NAME)) as seat:
        await opened(seat)
        write(logs, [printed(40, "a new line")])
        await seat.sees("a new line")


async def test_a_recording_shows_the_words_of_a_worker_that_died(
    fake: FakeTorchServe, tmp_path: Path
) -> None:
    fake.load("mnist")
    words = ("Traceback (most recent call last):", '  File "x.py", line 1', "ValueError: no")
    died = Cause(
        *(CauseKind.HANDLER_RAISED, "ValueError: no", words, "", "9000", "mnist", "1.0"),
        datetime(2026, 11, 22, 12),
    )
    file = tmp_path / "server.tsmon"
    async with fake.client() as client:
        seen = await LiveSource(client).observe(None)
    with closing(Writer(file, "127.0.0.1:8081")) as writer:
        writer.write(replace(seen, worker_states={}, causes={ModelKey("mnist", "1.0"): died}))
    async with seated(TsmonApp(ReplaySession(Recording(file)))) as seat:
        await seat.press("l")
        await seat.sees("failures in the recording", "▸ ValueError: no  (3 lines)")
        await seat.press("f")
        await seat.sees("a recording keeps the last output")


async def test_of_a_dead_model_it_opens_at_the_line_where_it_died(
    fake: FakeTorchServe, options: MonitorOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.load("mnist")
    folder = tmp_path / "logs"
    write(folder, [*traceback(1), *(printed(2 + n // 10, f"later {n}") for n in range(300))])

    async with reading(fake, options, folder) as seat:
        await seat.sees("1/1 ready")
        model = seat.monitor.model
        assert model is not None
        at = datetime(2026, 11, 22, 12, 0, 1)
        died = Cause(CauseKind.HANDLER_RAISED, "KeyError", (), "", "9000", "mnist", "1.0", at)
        dead = replace(model, workers=(), cause=died)
        monkeypatch.setattr(MonitorScreen, "model", property(lambda _: dead))
        await seat.press("l")
        await seat.sees("KeyError: 'body'", "‖ paused")
        assert "later 299" not in seat.text


async def test_without_logs_it_says_why_and_the_way_out(
    options: MonitorOptions, tmp_path: Path
) -> None:
    ports = free_ports()  # at which no server of this machine listens
    here = f"127.0.0.1:{ports.management}"
    async with watching(FakeTorchServe(addresses=Addresses.from_server(here)), options) as seat:
        await seat.press("l")
        await seat.sees("shows where it logs", "→ pass the folder with --logs DIR")
        await seat.press("escape", "Q")
        await seat.sees("Requests", "shows where it logs", "--logs docker:CONTAINER")
    away = FakeTorchServe(addresses=Addresses.from_server("gpu7:8081"))
    async with watching(away, options) as seat:
        await seat.press("l")
        await seat.sees("the log files of gpu7:8081 are on another machine")
    async with reading(away, options, tmp_path / "gone") as seat:
        await seat.press("l")
        await seat.sees("there is no log folder")


async def test_help_and_footer_show_its_keys(
    fake: FakeTorchServe, options: MonitorOptions, logs: Path
) -> None:
    async with reading(fake, options, logs, size=(60, 20)) as seat:
        await seat.press("l")
        await seat.sees("esc back", "F follow", "/ search", "? help")
        await seat.press("question_mark")
        await seat.sees("Help: the keys", "Follow the end of the log")


def _wheel(lines: LogLines) -> events.MouseScrollUp:
    return events.MouseScrollUp(lines, 5, 5, 0, 0, 0, False, False, False)


def _chosen(seat: Seat) -> str:
    chosen = seat.find(LogLines).chosen
    return chosen.text if chosen is not None else ""
