"""The page of all series."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.fake import FakeTorchServe
from tests.tui.seat import PERIOD_S, Seat, seated, watching
from tests.tui.test_looking_back import recording
from tsmon.config.changes import Origins
from tsmon.telemetry.recording.reader import Recording
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.screens.all_metrics import AllMetrics
from tsmon.tui.state.session import ReplaySession

__all__ = ["recording"]


async def _opened(seat: Seat) -> None:
    await seat.press("number_sign")
    await seat.until(lambda: isinstance(seat.app.screen, AllMetrics))


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 30)])
async def test_every_series_with_its_labels_value_and_help(
    fake: FakeTorchServe, options: MonitorOptions, size: tuple[int, int]
) -> None:
    fake.load("mnist")
    fake.serve("mnist", n=3)
    async with watching(fake, options, size=size) as seat:
        await seat.sees("mnist")
        await _opened(seat)
        await seat.sees("All metrics", "CPUUtilization{", "12.5", "VALUE", "unit: Percent")
        await seat.press("slash", *"MemoryUsed", "enter")
        await seat.sees("1 of ", 'MemoryUsed{Level="Host",Hostname="vm"}', "2216.953125 Megabytes")
        await seat.press("y")
        assert seat.app.clipboard == 'MemoryUsed{Level="Host",Hostname="vm"} 2216.953125'
        await seat.press("enter")
        await seat.sees("MemoryUsed Megabytes", "now")
        await seat.press("escape", "escape")
        await seat.until(lambda: not isinstance(seat.app.screen, AllMetrics))


async def test_counter_has_its_rate_and_query(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    fake.serve("mnist", n=3)
    async with watching(fake, options) as seat:
        await seat.sees("mnist")
        await _opened(seat)
        await seat.press("slash", *"inference_requests", "enter")
        await seat.sees('ts_inference_requests_total{model_name="mnist"', "counter")
        fake.serve("mnist", n=50)
        await seat.until(lambda: re.search(r"counter +53 +[0-9.]+ ", seat.text) is not None)
        await seat.press("Y")
        assert seat.app.clipboard.startswith('rate(ts_inference_requests_total{model_name="mnist"')
        assert seat.app.clipboard.endswith("[1m])")
        await seat.press("o")
        await seat.sees("by type ▲")


async def test_past_moment_has_its_own_values(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    fake.serve("mnist", n=3)
    async with watching(fake, options) as seat:
        await seat.sees("mnist")
        await _opened(seat)
        await seat.press("slash", *"inference_requests", "enter")
        await seat.sees("counter  3 Count")
        fake.serve("mnist", n=4)
        await seat.sees("counter  7 Count")
        for _ in range(50):
            await seat.press("left_square_bracket")
            await seat.until(lambda: "  at " in seat.text)
            if "counter  3 Count" in seat.text:
                break
        await seat.sees("counter  3 Count")
        await seat.press("p")
        await seat.sees("counter  7 Count")


async def test_recording_has_all_series(recording: Path) -> None:
    app = TsmonApp(ReplaySession(Recording(recording)), MonitorOptions())
    async with seated(app) as seat:
        await seat.sees("RECORDING")
        await _opened(seat)
        await seat.sees("MemoryUsed{", "series", "2217")
        await seat.press("enter")
        await seat.sees("CPUUtilization Percent")


async def test_log_mode_says_why_there_is_nothing(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.metrics_mode = "log"
    async with watching(fake, options) as seat:
        await _opened(seat)
        await seat.sees("nothing is published here", "metrics_mode=prometheus")


async def test_pinned_series_stands_above_the_charts_and_is_kept(
    fake: FakeTorchServe, tmp_path: Path
) -> None:
    own = tmp_path / "config.toml"
    options = MonitorOptions(period_s=PERIOD_S, origins=Origins(own=own))
    fake.load("mnist")
    fake.serve("mnist", n=3)
    async with watching(fake, options) as seat:
        await seat.sees("mnist")
        await _opened(seat)
        await seat.press("slash", *"MemoryUsed", "enter")
        await seat.sees("1 of ")
        await seat.press("space")
        await seat.sees("MemoryUsed pinned above")
        await seat.press("escape", "escape")
        await seat.sees("MemoryUsed{Level", "2217 Megabytes")
        await seat.until(lambda: own.is_file() and "MemoryUsed" in own.read_text())
        await _opened(seat)
        await seat.press("slash", *"MemoryUsed", "enter")
        await seat.sees("1 of ")
        await seat.press("space")
        await seat.sees("MemoryUsed unpinned")
        await seat.press("escape", "escape")
        await seat.misses("2217 Megabytes")
