"""The heatmap of latencies: its arithmetic, and the key that shows it."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.fake import FakeTorchServe
from tests.tui.seat import seated, watching
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.logs.percentiles import Percentiles
from tsmon.telemetry.logs.request_report import LastReading, RequestPhase, RequestReport
from tsmon.telemetry.logs.time_buckets import LAST, least_ms, pack_counts
from tsmon.telemetry.recording.reader import Recording
from tsmon.telemetry.recording.writer import Writer
from tsmon.telemetry.scrape import Scrape
from tsmon.telemetry.snapshot import ModelKey
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.state.session import ReplaySession
from tsmon.tui.text.symbols import Symbols
from tsmon.tui.widgets.chart import Chart
from tsmon.tui.widgets.heat_map import LEVELS, TimedCounts, draw_heat, level_steps
from tsmon.tui.widgets.time_axis import TimeSpan

COUNTS = st.dictionaries(st.integers(0, LAST), st.integers(1, 1000), max_size=6)
READINGS = st.lists(st.tuples(st.floats(0, 119), COUNTS), max_size=40).map(
    lambda pairs: [TimedCounts(age, counts) for age, counts in sorted(pairs, key=lambda p: -p[0])]
)
SIZES = (st.integers(1, 150), st.integers(1, 40))
FAST, SLOW = 60, 90
"""The buckets of about 9 and 280 ms."""


@given(READINGS, *SIZES, st.sampled_from(Symbols))
def test_whatever_was_counted_the_map_fits_and_shows_it(
    readings: list[TimedCounts], across: int, rows: int, symbols: Symbols
) -> None:
    found = draw_heat(readings, TimeSpan(120), across, rows, symbols)
    if not any(reading.counts for reading in readings):
        assert found is None
        return
    assert found is not None
    assert [len(line) for line in found.cells] == [across] * rows
    assert "".join(found.levels).strip("0")
    shown = zip("".join(found.cells), "".join(found.levels), strict=True)
    assert all(cell.isspace() == (level == "0") for cell, level in shown)
    assert all(higher >= lower for higher, lower in pairwise(found.least_ms))


@given(
    st.lists(st.floats(0.3, 10), min_size=1, max_size=60),
    st.integers(1, 200),
    st.floats(200, 300),
)
def test_regular_readings_leave_no_columns_between_them(
    steps: list[float], across: int, edge_s: float
) -> None:
    step = steps[0]
    ages = [step * number for number in range(int(119 / step), -1, -1)]
    readings = [TimedCounts(age, {FAST: 1}) for age in ages]
    found = draw_heat(readings, TimeSpan(120, edge_s=edge_s), across, 3, Symbols.BLOCK)
    assert found is not None
    line = next(line for line in found.levels if line.strip("0"))
    assert "0" not in line.strip("0")


def test_each_request_is_in_the_line_of_its_latency_and_shaded_by_how_many_there_are() -> None:
    readings = [TimedCounts(11.0, {FAST: 1}), TimedCounts(1.0, {FAST: 90, SLOW: 4})]
    found = draw_heat(readings, TimeSpan(20), 2, 8, Symbols.ASCII)
    assert found is not None
    lines = {at: line for at, line in enumerate(found.cells) if line.strip()}
    assert list(lines.values()) == [" :", ".#"]
    slow, fast = lines
    assert found.least_ms[slow] <= least_ms(SLOW) < found.least_ms[slow - 1]
    assert found.least_ms[fast] <= least_ms(FAST) < found.least_ms[fast - 1]
    assert found.legend(Symbols.ASCII) == [(".", "1–2"), (":", "3–9"), ("*", "10–31"), ("#", "32+")]


@given(st.integers(1, 10**6))
def test_the_levels_begin_with_one_request_and_the_last_is_reached(largest: int) -> None:
    steps = level_steps(largest)
    assert steps[0] == 1
    assert steps == sorted(set(steps))
    assert len(steps) <= LEVELS
    assert steps[-1] <= largest


NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TIMES = Percentiles(10, 9.0, 280.0, 280.0, 280.0)


@pytest.fixture
async def recording(fake: FakeTorchServe, tmp_path: Path) -> Path:
    """Ten requests in each tick, of which two are slow, as log files show them."""
    file = tmp_path / "busy.tsmon"
    fake.load("mnist")
    profile = {RequestPhase.INFERENCE: TIMES}
    last = LastReading(2.0, 10, 0, profile, times=pack_counts({FAST: 8, SLOW: 2}))
    reports = {ModelKey("mnist", "1.0"): RequestReport(profile, profile, {200: 10}, last=last)}
    async with fake.client() as client:
        source = LiveSource(client)
        with closing(Writer(file, "127.0.0.1:8081")) as writer:
            for second in range(0, 80, 2):
                fake.serve("mnist", n=10, inference_ms=60.0)
                seen = await source.observe(None)
                at = Instant(5000.0 + second, NOON + timedelta(seconds=second))
                assert isinstance(seen.scrape, Scrape)
                scrape, folder = replace(seen.scrape, at=at), Path("/logs")
                seen = replace(seen, at=at, scrape=scrape, reports=reports, log_folder=folder)
                writer.write(seen)
    return file


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (140, 40)])
async def test_a_key_shows_the_latencies_of_a_recording_and_another_press_the_percentiles(
    recording: Path, options: MonitorOptions, size: tuple[int, int]
) -> None:
    app = TsmonApp(ReplaySession(Recording(recording)), options)
    async with seated(app, size=size) as seat:
        await seat.sees("mnist")
        await seat.press("p", "at")
        await seat.write(f"{(NOON + timedelta(seconds=70)).astimezone():%H:%M:%S}")
        await seat.press("enter", "m")
        await seat.sees("requests  ░ 1 ▒ 2", "+ ─╯")
        chart = seat.find(Chart, "#inference-chart")
        await seat.until(lambda: shaded(chart) == [SLOW, FAST])
        await seat.press("m")
        await seat.sees("⣿ p50  ⡪ p90  ⠅ p99 ─╯")


def shaded(chart: Chart) -> list[int]:
    """The counted buckets that lie in the lines with a shade, from the top."""
    found = chart.heat_map
    if found is None:
        return []
    ends = [float("inf"), *found.least_ms]
    return [
        bucket
        for at, line in enumerate(found.levels)
        for bucket in (SLOW, FAST)
        if line.strip("0") and found.least_ms[at] <= least_ms(bucket) < ends[at]
    ]


async def test_without_log_files_it_says_how_to_get_it(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● 1/1")
        await seat.press("m")
        await seat.sees("a heatmap needs the server's log files: --logs DIR")
        await seat.press("m")
        await seat.misses("a heatmap needs")
