"""A request that took far longer than all others, on the charts of the monitor."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.fake import FakeTorchServe
from tests.tui.seat import seated
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.recording.reader import Recording
from tsmon.telemetry.recording.writer import Writer
from tsmon.telemetry.scrape import Scrape
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.state.session import ReplaySession

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SLOW_S = 40
TICKS_S = range(0, 80, 2)


@pytest.fixture
async def recording(fake: FakeTorchServe, tmp_path: Path) -> Path:
    """Requests of 8 ms, and in one tick of 900 ms."""
    file = tmp_path / "slow.tsmon"
    fake.load("mnist")
    async with fake.client() as client:
        source = LiveSource(client)
        with closing(Writer(file, "127.0.0.1:8081")) as writer:
            for second in TICKS_S:
                milliseconds = 900.0 if second == SLOW_S else 8.0
                fake.serve("mnist", n=10, inference_ms=milliseconds, queue_ms=0.4)
                seen = await source.observe(None)
                at = Instant(5000.0 + second, NOON + timedelta(seconds=second))
                assert isinstance(seen.scrape, Scrape)
                writer.write(replace(seen, at=at, scrape=replace(seen.scrape, at=at)))
    return file


async def test_it_is_named_above_the_others_and_the_cursor_reads_it(
    recording: Path, options: MonitorOptions
) -> None:
    app = TsmonApp(ReplaySession(Recording(recording)), options)
    async with seated(app, size=(120, 30)) as seat:
        await seat.press("at")
        slow = (NOON + timedelta(seconds=SLOW_S)).astimezone()
        await seat.write(f"{slow + timedelta(seconds=20):%H:%M:%S}")
        await seat.press("enter")
        await seat.until(lambda: _inference(seat.text, now="8.0 ms"))
        await seat.press("at")
        await seat.write(f"{slow:%H:%M:%S}")
        await seat.press("enter")
        await seat.until(lambda: _inference(seat.text, now="900 ms"))


def _inference(text: str, now: str) -> bool:
    """Whether the chart has this number, an axis for 8 ms and the largest named."""
    lines = text.splitlines()
    at = next((at for at, line in enumerate(lines) if "inference" in line), 0)
    _, _, plot = lines[at + 1].partition("10 ms▲")
    return now in lines[at].partition("1 min")[0] and "900 ms" in plot and "▲" in plot
