"""One model in depth, and looking back in it, as pictures."""

from __future__ import annotations

from typing import Any

from tests.fake import FakeTorchServe
from tests.snapshots.album import at_each
from tests.snapshots.clock import SceneClock
from tests.snapshots.stage import Story, staged
from tsmon.telemetry.logs.percentiles import Percentiles
from tsmon.telemetry.logs.request_report import (
    LastReading,
    RequestPhase,
    RequestReport,
    WorkerShare,
)
from tsmon.telemetry.snapshot import ModelKey
from tsmon.tui.app.app import MonitorOptions

SIZES = [(60, 20), (80, 24), (120, 30), (140, 40), (220, 60), (300, 80)]

MINUTE = {
    RequestPhase.TOTAL: Percentiles(1260, 9.0, 13.0, 17.2, 61.0),
    RequestPhase.QUEUE: Percentiles(1260, 0.4, 1.1, 3.9, 44.1),
    RequestPhase.BACKEND: Percentiles(1260, 8.1, 11.2, 12.8, 18.4),
    RequestPhase.HANDLER: Percentiles(1260, 7.6, 10.9, 12.1, 17.7),
    RequestPhase.INFERENCE: Percentiles(1260, 8.6, 12.4, 16.4, 60.2),
}
LAST = LastReading(
    1.0, 23, 1, MINUTE, {"9000": WorkerShare(12, 96.0), "9001": WorkerShare(11, 88.0)}
)
REPORT = RequestReport(MINUTE, MINUTE, {200: 5_987, 503: 2}, last=LAST)


def busy(fake: FakeTorchServe) -> Story:
    """Traffic, in which a worker was added and the workers died and came back."""

    def happens(second: int) -> dict[str, Any]:
        if second == 40:
            fake.registry.scale(fake.version("mnist", "1.0"), 3, 3)
        if second == 70:
            fake.crash("mnist", "1.0")
        if second == 74:
            fake.release("mnist", "1.0")
        if not 70 <= second < 74:
            number, inference_ms = 12 + second % 11, 8 + second / 40
            fake.serve("mnist", "1.0", n=number, inference_ms=inference_ms, queue_ms=0.6)
        return {"reports": {ModelKey("mnist", "1.0"): REPORT}}

    return Story(104, happens)


async def test_a_model_in_depth_now_and_a_minute_ago(
    elsewhere: FakeTorchServe, clock: SceneClock, project: MonitorOptions
) -> None:
    async with staged(elsewhere, clock, project, size=(140, 40), story=busy(elsewhere)) as stage:
        await stage.press("enter")
        await stage.sees("esc all models")
        await at_each(stage, "in-depth", SIZES)
        await stage.press("at")
        await stage.write("12:01:12")
        await stage.press("enter")
        await stage.sees("PAUSED 12:01:12 −33 s")
        await at_each(stage, "in-depth-past", SIZES[1:4])
        await stage.press("escape")
        await at_each(stage, "past", [(60, 20), (80, 24), (120, 30)])
