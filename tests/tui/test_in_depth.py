"""All models at a glance, and one of them in depth."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.fake import FakeTorchServe
from tests.tui.seat import Seat, seated, watching
from tests.unit.telemetry.prometheus.fake import INSTANCE, FakePrometheus
from tsmon.telemetry.logs.percentiles import Percentiles
from tsmon.telemetry.logs.request_report import (
    LastReading,
    RequestPhase,
    RequestReport,
    WorkerShare,
)
from tsmon.telemetry.scrape import Counters, SeriesKey
from tsmon.telemetry.snapshot import ModelStatus, Snapshot
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.keymap import PaneName
from tsmon.tui.screens.logs import Logs
from tsmon.tui.screens.requests import Requests
from tsmon.tui.state.session import PrometheusSession
from tsmon.tui.text.measures import MEASURES, NOT_IN_PROMETHEUS
from tsmon.tui.widgets.chart import Chart
from tsmon.tui.widgets.models_pane import ModelsPane
from tsmon.tui.widgets.story import VersionDetails
from tsmon.tui.widgets.words import Words

PROFILE = {RequestPhase.INFERENCE: Percentiles(40, 7.9, 11.0, 12.0, 18.4)}
LAST = LastReading(1.0, 8, 2, PROFILE, {"9000": WorkerShare(8, 870.0)})
REPORT = RequestReport(PROFILE, PROFILE, {200: 38, 503: 2}, last=LAST)


def with_logs(snapshot: Snapshot) -> Snapshot:
    """The snapshot as it would be if the server's log files could be read."""

    def known(model: ModelStatus) -> ModelStatus:
        return replace(model, requests=REPORT)

    return replace(snapshot, models=tuple(map(known, snapshot.models)))


async def show_logs(seat: Seat) -> None:
    """Hold the display, and have it show what log files would tell."""
    await seat.press("p")
    assert seat.monitor.snapshot is not None
    seat.monitor.snapshot = with_logs(seat.monitor.snapshot)


def shown_charts(seat: Seat) -> list[str]:
    return [
        measure.id for measure in MEASURES if seat.monitor.query_one(f"#{measure.id}-chart").display
    ]


async def test_a_row_tells_whether_its_model_waits_or_works(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("busy")
    fake.load("full")
    fake.load("quiet")
    async with watching(fake, options) as seat:
        await seat.until(lambda: all("· idle" in row(seat, name) for name in fake.registry.models))
        await seat.until(lambda: "◆ busy" in served(seat, fake, "busy", queue_ms=1.0))
        await seat.until(lambda: "◇ queueing" in served(seat, fake, "full", queue_ms=6.0))
        assert "· idle" in row(seat, "quiet")


def served(seat: Seat, fake: FakeTorchServe, model: str, queue_ms: float) -> str:
    """The row of a model that has answered more requests since the last look."""
    fake.serve(model, n=4, inference_ms=8.0, queue_ms=queue_ms)
    return row(seat, model)


def row(seat: Seat, model: str) -> str:
    """The row of a model."""
    return next((line for line in seat.text.splitlines() if f"│ {model} " in line), "")


async def test_a_row_tells_what_is_wrong_in_place_of_what_it_does(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● 1/1", "1 model ready")
        fake.crash("mnist")
        await seat.sees("✗ mnist 1.0 retrying")
        assert "✗ retr" in row(seat, "mnist")


async def test_enter_opens_a_model_in_depth_and_esc_goes_back(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("cifar")
    fake.load("mnist")
    async with watching(fake, options, size=(140, 40)) as seat:
        await seat.sees("cifar", "mnist")
        await seat.press("down", "p", "enter")
        await seat.sees("esc all models", "mnist 1.0 ★  ● ready 1/1")
        await seat.press("p")
        await seat.sees("esc all models", "mnist 1.0 ★  ● ready 1/1", "batch 1", "no events so far")
        await seat.misses("MODEL ")
        assert shown_charts(seat) == [measure.id for measure in MEASURES]
        assert seat.monitor.current is PaneName.METRICS
        await seat.press("plus")
        await seat.sees("2/2 ready", "worker ready")
        await seat.press("escape")
        await seat.sees("1 Models", "4 Digits")
        assert seat.find(ModelsPane).table.has_focus
        assert seat.monitor.model is not None
        assert seat.monitor.model.key.name == "mnist"


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 30), (220, 60)])
async def test_what_matters_of_a_model_in_depth_is_seen_at_every_size(
    fake: FakeTorchServe, options: MonitorOptions, size: tuple[int, int]
) -> None:
    fake.load("mnist")
    async with watching(fake, options, size=size) as seat:
        await seat.sees("● 1/1")
        await seat.press("enter")
        await seat.sees("mnist 1.0 ★", "9000", "● r", "requests/s", "queue", "now", "esc all")
        lines = seat.text.splitlines()
        assert len(lines) == size[1]
        assert max(map(len, lines)) <= size[0]


async def test_in_depth_the_logs_show_percentiles_errors_and_what_a_worker_does(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options, size=(140, 40)) as seat:
        await seat.sees("● 1/1")
        await seat.press("enter")
        await seat.sees("esc all models", "from the log files")
        await show_logs(seat)
        await seat.sees("◆ busy 87%", "! errors 2.0/s", "2 of 8", "503: 2", "p95 12.0 ms")


async def test_what_prometheus_does_not_have_of_a_model_is_told() -> None:
    prometheus = FakePrometheus()
    for second in range(0, 61, 15):
        sums = Counters(second * 4, second * 4 * 8000, second * 4 * 6000)
        prometheus.scrape(second, {SeriesKey("mnist", "default"): sums})
    app = TsmonApp(PrometheusSession(prometheus.client(), INSTANCE))
    async with seated(app, size=(140, 40)) as seat:
        await seat.sees("◇ queueing", "75%")
        await seat.press("enter")
        await seat.sees(
            "6.0 ms queued + 2.0 ms processing", NOT_IN_PROMETHEUS, "mean: no log files"
        )


async def test_an_event_of_the_model_is_gone_to(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options, size=(140, 40)) as seat:
        await seat.sees("● 1/1")
        fake.crash("mnist")
        await seat.press("enter")
        await seat.sees("worker died")
        seat.find(VersionDetails).query_one("OptionList").focus()
        await seat.press("end", "enter")
        await seat.sees("PAUSED")
        await seat.until(lambda: seat.text.count("worker died") == 2)


async def test_a_digit_that_is_not_about_the_model_leads_back(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● 1/1", "10 images")
        await seat.press("enter")
        await seat.sees("esc all models")
        await seat.press("2", "z")
        await seat.misses("esc all models")
        await seat.press("z")
        await seat.sees("esc all models")
        await seat.press("4")
        await seat.sees("1 Models", "4 Digits")
        await seat.press("enter")
        await seat.sees("/1 correct")
        assert not seat.monitor.in_depth


async def test_a_click_on_the_selected_row_opens_it(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("cifar")
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("cifar", "mnist")
        table = seat.find(ModelsPane).table
        await seat.pilot.click(table, offset=(3, 2))
        await seat.sees("3 Metrics · mnist 1.0")
        assert not seat.monitor.in_depth
        await seat.pilot.click(table, offset=(3, 2))
        await seat.sees("esc all models")


async def test_the_last_model_that_goes_leads_back(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    version = fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● 1/1")
        await seat.press("enter")
        await seat.sees("esc all models")
        fake.registry.remove(version)
        await seat.sees("No models are registered.")


async def test_charts_that_do_not_fit_are_scrolled_to(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options, size=(60, 10)) as seat:
        await seat.sees("mnist")
        await seat.press("3")
        await seat.sees("▸requests/s", "↓ queued, memory")
        await seat.press(*["down"] * 4)
        await seat.sees("▸queued", "of 100", "↓ memory")
        await seat.press("down")
        await seat.sees("▸memory", "↑ requests/s, inference")
        await seat.press("down")
        await seat.sees("▸requests/s", "↓ queued, memory")


async def test_every_number_is_in_sight_and_the_chosen_one_has_its_chart(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● 1/1", "queued", "memory")
        assert shown_charts(seat) == [measure.id for measure in MEASURES]
        queued = seat.find(Chart, "#waiting-chart")
        await seat.until(lambda: queued.size.height == 1)
        await seat.press("3", *["down"] * 4)
        await seat.until(lambda: queued.size.height > 2)


@pytest.mark.parametrize("size", [(120, 30), (140, 40)])
async def test_what_the_workers_leave_is_for_the_story_beside_all_models(
    fake: FakeTorchServe, options: MonitorOptions, size: tuple[int, int]
) -> None:
    fake.load("mnist")
    async with watching(fake, options, size=size) as seat:
        await seat.sees("1 Models", "4 Digits", "Details", "mnist-1.0.mar")
        await seat.press("p")
        await seat.sees("PAUSED")
        await seat.pilot.resize_terminal(140, 20)
        await seat.misses("Details")
        await seat.pilot.resize_terminal(*size)
        await seat.sees("Details", "mnist-1.0.mar")


async def test_enter_goes_deeper_and_esc_back_from_every_pane(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("enter in depth", "● ready")
        await seat.press("2")
        await seat.sees("enter logs")
        await seat.press("enter")
        await seat.until(lambda: isinstance(seat.app.screen, Logs))
        await seat.press("escape")
        await seat.until(lambda: seat.app.screen is seat.monitor)
        await seat.press("3", "enter")
        await seat.until(lambda: seat.monitor.in_depth)
        await seat.press("enter")
        await seat.until(lambda: isinstance(seat.app.screen, Requests))
        await seat.press("escape")
        await seat.until(lambda: seat.app.screen is seat.monitor)
        assert seat.monitor.in_depth
        await seat.press("escape")
        await seat.until(lambda: not seat.monitor.in_depth)


@pytest.mark.parametrize("size", [(120, 50), (140, 50), (200, 60)])
async def test_the_statistics_in_the_details_are_whole_or_not_there(
    fake: FakeTorchServe, options: MonitorOptions, size: tuple[int, int]
) -> None:
    fake.load("mnist")
    async with watching(fake, options, size=size) as seat:
        await seat.sees("Details", "no events so far")
        details = seat.find(VersionDetails).query_one("#story-statistics", Words)
        await seat.until(lambda: details.size.width or not details.display)
        if details.display:
            assert details.size.height == 6  # a heading, three measures, requests, failures
