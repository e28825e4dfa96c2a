"""Metrics of one's own on a real TorchServe, published and logged: a counter, gauge, histogram."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path

from tests.contract.real import RealTorchServe
from tests.integration.series.conftest import ask, own_metrics
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.recording.reader import Recording
from tsmon.telemetry.recording.recorder import RecordedSource
from tsmon.telemetry.recording.series import RecordedSeries
from tsmon.telemetry.series.kept import window_at
from tsmon.telemetry.series.readings import SeriesReading, read_series
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.tokens import KeyRing

SEVENS = 'DigitsSeen{ModelName="own",Level="Model",Digit="7",Hostname="'
PATIENCE = 100
Found = Mapping[str, SeriesReading]


@asynccontextmanager
async def _watched(real: RealTorchServe, file: Path) -> AsyncIterator[Monitor]:
    async with TorchServe(real.addresses, KeyRing(None)) as client:
        with closing(LiveSource(client)) as source, closing(RecordedSource(source, file)) as kept:
            yield Monitor(kept, period_s=0.2)


async def _until(monitor: Monitor, is_so: Callable[[Found], bool]) -> Found:
    ticks = 0
    async for snapshot in monitor.ticks():
        window = window_at(monitor.series, snapshot.at.monotonic, 60.0)
        if window is not None:
            then = window.then.published if window.then else None
            readings = read_series(window.now.published, then, window.seconds)
            found = {each.text: each for each in readings}
            if is_so(found):
                return found
        ticks += 1
        assert ticks < PATIENCE, f"still {sorted(found) if window else 'nothing'}"
    raise AssertionError("the monitor has ended")


def _of(found: Found, begin: str) -> SeriesReading | None:
    return next((each for text, each in found.items() if text.startswith(begin)), None)


async def test_published_ones_are_read_recorded_and_replayed(tmp_path: Path) -> None:
    with own_metrics(tmp_path, "prometheus") as real:
        async with _watched(real, tmp_path / "r.tsmon") as monitor:
            found = await _until(monitor, lambda found: _of(found, SEVENS) is not None)
            sevens, threes = _of(found, SEVENS), _of(found, SEVENS.replace("7", "3"))
            assert sevens is not None
            assert threes is not None
            assert (sevens.value, threes.value) == (2.0, 1.0)
            assert (sevens.family.kind, sevens.family.unit) == ("counter", "Count")
            confidence = _of(found, "Confidence{")
            assert confidence is not None
            assert (confidence.value, confidence.family.unit) == (87.5, "Percent")
            asking = asyncio.to_thread(ask, real, "7", "7")
            await asking
            found = await _until(monitor, lambda found: _has(found, "ImageSize{", 5.0))
            size = _of(found, "ImageSize{")
            assert size is not None
            assert size.family.kind == "histogram"
            assert size.quantiles[0] is not None
            assert 0.25 <= size.quantiles[0].value <= 0.5  # the bucket of 0.3
            assert _has(found, "WorkerLoadTime{", None)
    with closing(Recording(tmp_path / "r.tsmon")) as recording:
        past = RecordedSeries(recording)
        assert sevens.text
        points = past.points(sevens.text, recording.moments[0], recording.moments[-1])
        assert [point.value for point in points if point.value] == [2.0, *[4.0] * (len(points) - 1)]


async def test_logged_ones_are_counted_from_the_log_files(tmp_path: Path) -> None:
    with own_metrics(tmp_path, "log") as real:
        async with _watched(real, tmp_path / "r.tsmon") as monitor:
            await monitor.tick()
            await asyncio.to_thread(ask, real, "7", "7", "3")
            found = await _until(monitor, lambda found: _has(found, SEVENS, 2.0))
            size, memory = _of(found, "ImageSize{"), _of(found, "MemoryUsed{")
            assert size is not None
            assert (size.value, size.family.kind, size.family.unit) == (3.0, "summary", "Kilobytes")
            assert memory is None or memory.family.kind == "gauge"
            assert _has(found, "Requests2XX{", None)


def _has(found: Found, begin: str, value: float | None) -> bool:
    reading = _of(found, begin)
    return reading is not None and value in (None, reading.value)
