"""Load runs from the monitor, on a fake server behind real sockets."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fake import FakeTorchServe
from tests.fake.loopback import Loopback, on_loopback
from tests.tui.seat import Seat, watching
from tsmon.load.run.kept import kept_runs
from tsmon.load.run.record import past_run
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.keymap import PaneName
from tsmon.tui.state.session import LiveSession
from tsmon.tui.widgets.field import Field


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    """A server whose queue has four places."""
    async with on_loopback(job_queue_size=4) as loopback:
        yield loopback


async def ask(seat: Seat, **numbers: str) -> None:
    """Open the dialog and fill it in."""
    await seat.sees("● ", "10 images")
    await seat.press("L")
    await seat.sees("Load mnist 1.0", "requests/s")
    for name, text in numbers.items():
        seat.app.screen.query_one(f"#{name} Input").focus()
        await seat.pilot.pause()
        await seat.write(text)


async def test_a_run_is_shown_and_its_report_stays(
    server: Loopback, options: MonitorOptions
) -> None:
    server.fake.load("mnist")
    async with watching(server.fake, options) as seat:
        await ask(seat, concurrency="2", requests="30")
        await seat.press("enter")
        await seat.sees("closed loop, 2 in flight", "count reached", "answered        30")
        await seat.sees("p99.9", "answers per second", "answers by response time", "esc closes")
        await seat.sees("counted         30 by server", "queue      0.50 ms mean", "– --logs")
        await seat.press("escape")
        await seat.misses("count reached")
        assert len(server.fake.sent("POST", "/predictions/mnist/1.0")) == 30


async def test_a_run_at_a_rate_says_what_was_planned(
    server: Loopback, options: MonitorOptions
) -> None:
    server.fake.load("mnist")
    async with watching(server.fake, options) as seat:
        await ask(seat, rate="200", requests="40")
        await seat.press("enter")
        await seat.sees("open loop, 200/s, at most 10 in flight", "count reached")


async def test_a_run_is_stopped_by_key_and_keeps_its_answers(
    server: Loopback, options: MonitorOptions
) -> None:
    server.fake.load("mnist")
    async with watching(server.fake, options) as seat:
        await ask(seat, rate="20", seconds="600")
        await seat.press("enter")
        await seat.sees("answered", "esc stops", "/s")
        await seat.press("escape")
        await seat.sees("stopped", "y copies", "esc closes")
        assert seat.monitor.current is PaneName.RUN
        await seat.press("y")
        await seat.sees("copied")
        assert "answered" in seat.app.clipboard


async def test_refused_requests_are_told_by_kind_with_what_to_do(
    server: Loopback, options: MonitorOptions
) -> None:
    server.fake.load("mnist", workers=0)
    async with watching(server.fake, options) as seat:
        await ask(seat, concurrency="1", requests="5")
        await seat.press("enter")
        await seat.sees("✗ 503 no worker: 5", "tsmon scale mnist 1")


async def test_a_server_that_is_gone_is_told(server: Loopback, options: MonitorOptions) -> None:
    server.fake.load("mnist")
    async with watching(server.fake, options) as seat:
        await ask(seat)
        server.die()
        await seat.press("enter")
        await seat.sees("✗ no TorchServe is answering", "tsmon serve start")


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("concurrency", "0", "in flight: use 1 to 500"),
        ("seconds", "", "seconds: use 1 to 3,600"),
        ("rate", "0", "requests/s: use 1 to 10,000"),
    ],
)
async def test_wrong_numbers_are_told_in_the_dialog(
    server: Loopback, options: MonitorOptions, name: str, text: str, complaint: str
) -> None:
    server.fake.load("mnist")
    async with watching(server.fake, options) as seat:
        await ask(seat, **{name: text})
        await seat.press("enter")
        await seat.sees(complaint)


async def test_the_dialog_is_as_high_as_what_it_asks(
    server: Loopback, options: MonitorOptions
) -> None:
    server.fake.load("mnist")
    async with watching(server.fake, options) as seat:
        await ask(seat)
        assert {field.size.height for field in seat.app.screen.query(Field)} == {1}


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 30), (220, 60)])
async def test_the_monitor_goes_on_beside_a_run(
    server: Loopback, options: MonitorOptions, size: tuple[int, int]
) -> None:
    server.fake.load("mnist")
    async with watching(server.fake, options, size=size) as seat:
        await seat.until(lambda: seat.monitor.sending.desk.payloads)
        await seat.press("L")
        await seat.sees("Load mnist 1.0", "requests/s")
        seat.find(Field, "#rate").text = "20"
        seat.find(Field, "#seconds").text = "600"
        await seat.press("enter")
        await seat.sees("5 Run", "load mnist 1.0", "in flight", "esc stops")
        ticks = len(seat.app.session.monitor.past)
        await seat.until(lambda: len(seat.app.session.monitor.past) > ticks)
        await seat.press("3")
        await seat.sees("3 Metrics · mnist 1.0")
        await seat.press("2", "+")  # the model can be scaled under the load
        await seat.sees("2/2 ready")
        await seat.press("5")
        await seat.sees("5 Run", "in flight", "esc stops")


async def test_enter_gives_a_run_the_screen_and_z_takes_it_back(
    server: Loopback, options: MonitorOptions
) -> None:
    server.fake.load("mnist")
    async with watching(server.fake, options) as seat:
        await ask(seat, rate="20", seconds="600")
        await seat.press("enter")
        await seat.sees("5 Run", "1 Models")
        await seat.press("enter")
        await seat.misses("2 Workers · mnist")
        await seat.sees("esc stops")
        await seat.press("z")
        await seat.sees("2 Workers · mnist")


async def test_esc_elsewhere_does_not_stop_a_run(server: Loopback, options: MonitorOptions) -> None:
    server.fake.load("mnist")
    async with watching(server.fake, options) as seat:
        await ask(seat, rate="20", seconds="600")
        await seat.press("enter")
        await seat.sees("esc stops")
        await seat.press("1", "escape", "escape")
        await seat.sees("5 goes to it")
        assert seat.monitor.running.view is not None
        assert seat.monitor.running.view.job.running
        await seat.press("L")
        await seat.sees("a run is still under way", "5, then esc stops it")


async def test_a_run_that_ended_stays_until_it_is_closed_and_the_digits_come_back(
    server: Loopback, options: MonitorOptions
) -> None:
    server.fake.load("mnist")
    async with watching(server.fake, options) as seat:
        await seat.sees("● ", "10 images")
        await seat.press("5")
        await seat.sees("there is no run")
        await ask(seat, requests="5")
        await seat.press("enter")
        await seat.sees("count reached", "esc closes")
        await seat.press("4")
        await seat.sees("4 Digits", "10 images")
        await seat.press("1")
        await seat.sees("count reached")
        await seat.press("5", "escape")
        await seat.sees("4 Digits", "10 images")
        assert PaneName.RUN not in seat.monitor.offered


async def test_another_run_takes_the_place_of_the_one_before(
    server: Loopback, options: MonitorOptions
) -> None:
    server.fake.load("mnist")
    async with watching(server.fake, options) as seat:
        await ask(seat, requests="5")
        await seat.press("enter")
        await seat.sees("count reached", "5 requests")
        await seat.press("L")
        await seat.sees("Load mnist 1.0")
        seat.find(Field, "#requests").text = "7"
        await seat.press("enter")
        await seat.sees("7 requests", "answered         7")
        await seat.misses("5 requests")


async def test_leaving_ends_the_process_that_sends(
    server: Loopback, options: MonitorOptions
) -> None:
    server.fake.load("mnist")
    async with watching(server.fake, options) as seat:
        await ask(seat, rate="20", seconds="600")
        await seat.press("enter")
        await seat.sees("in flight", "esc stops")
        view = seat.monitor.running.view
        assert view is not None
        await seat.press("q")
        await seat.until(lambda: seat.app.return_code is not None or not seat.app.is_running)
        assert not view.job.running


async def test_the_report_is_copied_and_saved_with_its_histogram(
    server: Loopback, options: MonitorOptions, tmp_path: Path
) -> None:
    server.fake.load("mnist")
    async with watching(server.fake, options) as seat:
        await ask(seat, requests="30")
        await seat.press("enter")
        await seat.sees("count reached", "esc closes")
        await seat.press("y")
        await seat.sees("copied the report")
        assert "counted         30" in seat.app.clipboard
        assert "#" in seat.app.clipboard
        await seat.press("E")
        await seat.sees("Save the result", ".json")
        await seat.write(str(tmp_path / "run.json"))
        await seat.press("enter")
        await seat.until((tmp_path / "run.json").exists)
        await seat.sees("saved to")
    saved = past_run(json.loads((tmp_path / "run.json").read_text()))
    assert sum(saved.histogram.counts) == saved.answered == 30
    assert kept_runs(options.server_home) == [saved]


async def test_a_run_that_cannot_be_kept_says_so(server: Loopback, options: MonitorOptions) -> None:
    server.fake.load("mnist")
    assert options.server_home is not None
    options.server_home.mkdir(parents=True, exist_ok=True)
    (options.server_home / "runs").write_text("a file")
    async with watching(server.fake, options) as seat:
        await ask(seat, requests="5")
        await seat.press("enter")
        await seat.sees("count reached", "! cannot write", "answered         5")


async def test_a_run_ends_when_another_server_is_watched(
    server: Loopback, options: MonitorOptions
) -> None:
    server.fake.load("mnist")
    other = FakeTorchServe()
    other.load("elsewhere")
    async with watching(server.fake, options) as seat:
        await ask(seat, rate="20", seconds="600")
        await seat.press("enter")
        await seat.sees("in flight", "esc stops")
        view = seat.monitor.running.view
        assert view is not None
        seat.app.servers.open(LiveSession(other.client(), 0.2))
        await seat.sees("elsewhere", "4 Digits")
        await seat.until(lambda: not view.job.running)
        assert PaneName.RUN not in seat.monitor.offered
