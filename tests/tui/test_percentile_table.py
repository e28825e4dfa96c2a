"""The table of percentiles in the metrics pane."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.fake import FakeTorchServe
from tests.tui.seat import Seat, watching
from tsmon.telemetry.logs.percentiles import Percentiles
from tsmon.telemetry.logs.request_report import RequestPhase, RequestReport
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.widgets.percentile_table import HEIGHT, PERCENTILE_WIDTH, compose_percentiles

MINUTE = {
    RequestPhase.TOTAL: Percentiles(412, 8.0, 11.0, 12.0, 18.0),
    RequestPhase.QUEUE: Percentiles(412, 0.02, 0.0612, 1.4, 3.0),
}
LONG = {**MINUTE, RequestPhase.HANDLER: Percentiles(299_999, 7.25, 8.0, 12_345.0, 20_000.0)}
REPORT = RequestReport(MINUTE, LONG, {200: 412})


def test_each_part_has_its_percentiles_and_the_requests_they_rest_on() -> None:
    lines = compose_percentiles(REPORT).plain.splitlines()

    assert len(lines) == HEIGHT
    assert {len(line) for line in lines} == {PERCENTILE_WIDTH}
    assert lines[1].split() == ["requests", "p50", "p90", "p95", "p99"] * 2
    rows = {line.split()[0]: line.split()[1:] for line in lines[2:]}
    assert list(rows) == ["total", "queue", "backend", "handler", "inference"]
    assert rows["total"] == ["412", "8.0", "11.0", "12.0", "18.0"] * 2
    assert rows["queue"] == ["412", "0.02", "0.06", "1.4", "3.0"] * 2
    assert rows["handler"] == ["–"] * 5 + ["300k", "7.2", "8.0", "12", "s", "20", "s"]
    assert rows["backend"] == ["–"] * 10


@pytest.mark.parametrize(
    ("size", "zoomed"), [((160, 45), False), ((80, 24), True), ((120, 30), True)]
)
async def test_the_table_is_part_of_the_statistics_where_there_is_room(
    fake: FakeTorchServe, options: MonitorOptions, size: tuple[int, int], zoomed: bool
) -> None:
    fake.load("mnist")
    async with watching(fake, options, size=size) as seat:
        await with_report(seat, zoomed=zoomed)
        assert "last 5 minutes" not in seat.text
        await seat.press("v")
        await seat.sees("last 5 minutes", "handler", "failed", "p50 0.02 ms")
        await seat.press("v")
        await seat.misses("last 5 minutes")


async def test_where_the_logs_cannot_be_read_it_says_how_they_could(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options, size=(80, 24)) as seat:
        await seat.sees("● 1/1")
        assert "percentiles need" not in seat.text
        await seat.press("3", "z", "v")
        await seat.sees("percentiles need the server's log files", "--logs DIR")


@pytest.mark.parametrize("size", [(80, 24), (120, 30)])
async def test_where_there_is_none_the_charts_keep_their_lines(
    fake: FakeTorchServe, options: MonitorOptions, size: tuple[int, int]
) -> None:
    fake.load("mnist")
    async with watching(fake, options, size=size) as seat:
        await with_report(seat, zoomed=False)
        await seat.press("v")
        await seat.sees("requests/s")
        assert "last 5 minutes" not in seat.text


async def with_report(seat: Seat, *, zoomed: bool) -> None:
    """Show a tick in which the log files could be read."""
    await seat.sees("● 1/1")
    await seat.press("3", *(["z"] if zoomed else []))
    await seat.press("p")
    await seat.pilot.pause()
    assert seat.monitor.snapshot is not None
    (model,) = seat.monitor.snapshot.models
    seat.monitor.snapshot = replace(
        seat.monitor.snapshot, models=(replace(model, requests=REPORT),)
    )
    await seat.pilot.pause()
