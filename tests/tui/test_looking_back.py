"""Going back in time: on a live server, in a recording, and where only Prometheus is asked."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from tests.fake import FakeTorchServe
from tests.tui.seat import Seat, seated, watching
from tests.unit.telemetry.prometheus.fake import INSTANCE, FakePrometheus, labels
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.recording.reader import Recording
from tsmon.telemetry.recording.writer import Writer
from tsmon.telemetry.scrape import Counters, Scrape, SeriesKey
from tsmon.telemetry.source import Observation
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.state.session import PrometheusSession, ReplaySession
from tsmon.tui.widgets.banner import Banner
from tsmon.tui.widgets.chart import Chart
from tsmon.tui.widgets.models_pane import ModelsPane

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


WORKER = "W-9000-mnist_1.0"
STEP_S = 10


@pytest.fixture
async def recording(fake: FakeTorchServe, tmp_path: Path) -> Path:
    """Ten minutes: mnist from 60 s on, cifar from 300 to 400 s."""
    file = tmp_path / "server.tsmon"
    async with fake.client() as client:
        source = LiveSource(client)
        with closing(Writer(file, "127.0.0.1:8081")) as writer:
            for second in range(0, 601, STEP_S):
                if second == 60:
                    fake.load("mnist")
                if second == 300:
                    fake.load("cifar")
                if second == 400:
                    await client.management.unregister("cifar")
                if second > 60:
                    fake.serve("mnist", n=second, inference_ms=8.0, queue_ms=1.0)
                writer.write(_as_of(await source.observe(None), second))
    return file


def _as_of(observation: Observation, second: float) -> Observation:
    at = Instant(5000.0 + second, START + timedelta(seconds=second))
    assert isinstance(observation.scrape, Scrape)
    return replace(observation, at=at, scrape=replace(observation.scrape, at=at))


def clock(second: float) -> str:
    """How the first line shows that moment of the recording."""
    return f"{(START + timedelta(seconds=second)).astimezone():%H:%M:%S}"


@asynccontextmanager
async def replaying(file: Path, size: tuple[int, int] = (120, 30)) -> AsyncIterator[Seat]:
    """The monitor on a recording that was read to its end, at its beginning."""
    session = ReplaySession(Recording(file))
    async with seated(TsmonApp(session), size=size) as seat:
        await seat.until(lambda: session.progress == 1)
        await seat.press("p")
        await seat.sees("PAUSED")
        session.playhead.go_to(float("-inf"))
        await seat.press("left_square_bracket")
        await seat.sees(f"PAUSED {clock(0)} RECORDING")
        yield seat


async def test_a_recording_begins_to_play_by_itself(recording: Path) -> None:
    session = ReplaySession(Recording(recording))
    async with seated(TsmonApp(session)) as seat:
        await seat.sees("▶ x1", "RECORDING")
        await seat.until(lambda: session.progress == 1)
        for _ in range(6):
            await seat.press("full_stop")
        await seat.sees("▶ x64")
        # From near the end, so that ten minutes need not be played.
        session.playhead.go_to(session.past.moments[-3])
        await seat.sees("PAUSED", clock(600), "mnist")


async def test_a_recording_is_stepped_through(recording: Path) -> None:
    async with replaying(recording) as seat:
        await seat.sees("No models are registered.")
        for step in range(1, 8):
            await seat.press("right_square_bracket")
            await seat.sees(clock(step * STEP_S))
        await seat.sees("mnist", "● 1/1", "7.0/s", "8.0 ms")
        await seat.press("left_square_bracket", "left_square_bracket")
        await seat.sees(clock(50), "No models are registered.")


async def test_where_the_past_begins_is_said(recording: Path) -> None:
    async with replaying(recording) as seat:
        await seat.press("left_square_bracket")
        await seat.sees(f"the data begins here, at {clock(0)}")


async def test_events_that_are_not_found_yet_are_not_denied(recording: Path) -> None:
    async with replaying(recording) as seat:
        assert isinstance(seat.monitor.session, ReplaySession)
        seat.monitor.session.progress = 0.58
        await seat.press("left_curly_bracket")
        await seat.sees("no earlier event is found yet", "58 % of")


async def test_events_of_a_recording_are_gone_to_and_said(recording: Path) -> None:
    async with replaying(recording) as seat:
        await seat.press("right_curly_bracket")
        await seat.sees(clock(60), "model added", "mnist 1.0  registered from mnist-1.0.mar")
        await seat.press("right_curly_bracket")
        await seat.sees(clock(300), "cifar 1.0  registered")
        await seat.press("right_curly_bracket")
        await seat.sees(clock(400), "model removed")
        await seat.press("right_curly_bracket")
        await seat.sees("there is no later event")
        await seat.press("left_curly_bracket")
        await seat.sees(clock(300), "cifar  ")


async def test_an_event_of_the_list_is_gone_to(recording: Path) -> None:
    async with replaying(recording) as seat:
        await seat.press("e")
        await seat.sees("model removed", "model added", "enter that moment")
        await seat.press("enter")
        await seat.sees(f"PAUSED {clock(400)}", "model removed", "cifar 1.0  no longer")


async def test_a_time_is_gone_to_and_a_wrong_one_is_refused(recording: Path) -> None:
    async with replaying(recording) as seat:
        await seat.press("at")
        await seat.sees("Go to a time", "14:03:20")
        await seat.write("soon")
        await seat.press("enter")
        await seat.sees("'soon' is not a valid time")
        await seat.write(clock(123))
        await seat.press("enter")
        await seat.sees(f"PAUSED {clock(120)}", "mnist")
        await seat.press("at")
        await seat.write("-1h")
        await seat.press("enter")
        await seat.sees("no data as early as", f"begins at {clock(0)}")


async def test_the_charts_show_the_time_around_and_a_cursor(recording: Path) -> None:
    async with replaying(recording) as seat:
        await seat.press("at")
        await seat.write(clock(580))
        await seat.press("enter")
        await seat.sees(f"PAUSED {clock(580)}", "2 min")
        for _ in range(3):
            await seat.press("less_than_sign")
        await seat.sees("1 h")
        await seat.press("greater_than_sign")
        await seat.sees("15 min")


async def test_the_words_of_an_event_show_when_the_cursor_comes_to_it(recording: Path) -> None:
    async with replaying(recording) as seat:
        for _ in range(5):
            await seat.press("right_square_bracket")
        await seat.sees(clock(50))
        assert not seat.find(Banner).display
        await seat.press("right_square_bracket")
        await seat.sees(clock(60), "model added", "mnist 1.0  registered")
        assert seat.find(Banner).display
        await seat.press("right_square_bracket")
        await seat.until(lambda: not seat.find(Banner).display)


async def test_nothing_is_changed_or_sent_from_a_recording(recording: Path) -> None:
    async with replaying(recording) as seat:
        await seat.misses("4 Digits")
        await seat.misses("register ")
        for key, name in (("r", "register"), ("plus", "worker"), ("n", "send random")):
            await seat.press(key)
            await seat.sees(f"this is a recording: {name} is not possible", "tsmon --server URL")
        await seat.press("right_curly_bracket", "d")
        await seat.sees("1.0, the default version")
        await seat.press("tab")
        await seat.sees('"modelName": "mnist"')


async def test_a_damaged_recording_is_told_and_what_was_read_stays(recording: Path) -> None:
    with closing(sqlite3.connect(recording)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("UPDATE body SET json = '{' WHERE json LIKE '%cifar%'")
    async with seated(TsmonApp(ReplaySession(Recording(recording)))) as seat:
        await seat.sees("is damaged", "No models are registered.")


async def test_the_recent_past_of_a_live_server_is_looked_at(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● 1/1")
        fake.load("cifar")
        await seat.sees("cifar")
        await seat.press("left_curly_bracket")
        await seat.sees("PAUSED", "model added", "cifar 1.0  registered")
        await seat.press("left_square_bracket")
        await seat.until(lambda: len(seat.monitor.query_one(ModelsPane).table.items) == 1)
        await seat.press("p")
        await seat.until(lambda: len(seat.monitor.query_one(ModelsPane).table.items) == 2)
        await seat.misses("PAUSED")


async def test_a_click_on_a_chart_shows_that_moment(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● 1/1")
        playhead = seat.monitor.session.playhead
        await seat.until(lambda: len(seat.monitor.session.monitor.past) > 3)
        chart = seat.find(Chart, "#rate-chart")
        await seat.pilot.click(chart, offset=(chart.size.width // 2, 1))
        await seat.sees("PAUSED")
        assert playhead.view is not None
        assert playhead.view.snapshot is seat.monitor.session.monitor.past[0]


async def test_a_prometheus_server_is_watched_with_its_past() -> None:
    prometheus = FakePrometheus()
    mnist, worker = SeriesKey("mnist", "default"), labels("WorkerLoadTime", WorkerName=WORKER)
    for second in range(0, 601, 15):
        sums = Counters(second * 4, second * 4 * 8000, second * 4 * 1000)
        prometheus.scrape(second, {mnist: sums}, {worker: 9.0})
    async with seated(TsmonApp(PrometheusSession(prometheus.client(), INSTANCE))) as seat:
        await seat.sees("● up", INSTANCE, "PROMETHEUS SERVER", "mnist", "? unknown", "9000")
        await seat.press("v")
        await seat.sees("4.0/s", "8.0 ms", "1.0 ms", "requests         60      240")
        assert len(seat.monitor.session.monitor.past) == 41
        await seat.press("left_square_bracket")
        await seat.sees("PAUSED", "−15 s")
        await seat.press("r")
        await seat.sees("this is a Prometheus server: register is not possible", "--server")


async def test_a_prometheus_that_does_not_answer_is_told() -> None:
    prometheus = FakePrometheus(answer=httpx.ConnectError)
    async with seated(TsmonApp(PrometheusSession(prometheus.client(), INSTANCE))) as seat:
        await seat.sees("✗ away", "Prometheus")


async def test_the_footer_tells_the_way_back_to_the_present(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("mnist")
        await seat.press("p")
        await seat.sees("PAUSED", "p to the present", "[ back")
        await seat.press("p")
        await seat.misses("p to the present")
