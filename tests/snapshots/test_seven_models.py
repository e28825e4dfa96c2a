"""The screen of every day as pictures: seven models, of which one fails, one is slow, one is down.

`python -m benchmarks.screen_use` counts what share of their cells says something.
"""

from __future__ import annotations

from math import sin
from typing import Any, NamedTuple

from tests.fake import FakeTorchServe
from tests.snapshots.album import at_each
from tests.snapshots.clock import SceneClock
from tests.snapshots.scene import ELSEWHERE
from tests.snapshots.stage import Story, staged
from tsmon.telemetry.logs.percentiles import Percentiles
from tsmon.telemetry.logs.request_report import LastReading, RequestPhase, RequestReport
from tsmon.telemetry.logs.time_buckets import count_times, pack_counts
from tsmon.telemetry.snapshot import ModelKey
from tsmon.tui.app.app import MonitorOptions

SIZES = [(60, 20), (80, 24), (120, 30), (140, 40), (220, 60)]


class Load(NamedTuple):
    """What a model of the scene has to do."""

    workers: int
    rate: float
    service_ms: float
    queue_ms: float
    failing: float = 0.0


MODELS = {
    "cifar": Load(2, 6, 42, 0.4),
    "fashion": Load(1, 9, 4.2, 0.2),
    "mnist": Load(1, 5, 11, 0.3),
    "resnet-classifier": Load(1, 7, 34, 1.5),
    "sentiment": Load(1, 4, 10, 0.3, failing=0.25),
    "speech": Load(1, 0, 0, 0),
    "translate_en_de": Load(1, 3, 480, 900),
}
DOWN = "speech"


def _percentiles(number: int, ms: float) -> Percentiles:
    return Percentiles(number, ms, ms * 1.4, ms * 1.7, ms * 2.6)


def _report(load: Load, number: int, swing: float) -> RequestReport:
    service, queue = load.service_ms * swing, load.queue_ms * swing
    profile = {
        RequestPhase.TOTAL: _percentiles(60 * number, service + queue),
        RequestPhase.QUEUE: _percentiles(60 * number, queue),
        RequestPhase.BACKEND: _percentiles(60 * number, service * 0.97),
        RequestPhase.HANDLER: _percentiles(60 * number, service * 0.93),
        RequestPhase.INFERENCE: _percentiles(60 * number, service),
    }
    failed = round(number * load.failing)
    statuses = {200: 300 * (number - failed), **({500: 300 * failed} if failed else {})}
    factors = (0.8, 0.9, 1.0, 1.0, 1.1, 1.4, 2.6)
    each = sorted((service + queue) * factors[at % len(factors)] for at in range(number))
    last = LastReading(1.0, number, failed, profile, {}, pack_counts(count_times([each])))
    return RequestReport(profile, profile, statuses, last=last)


def _everyday(fake: FakeTorchServe) -> Story:
    def happens(second: int) -> dict[str, Any]:
        if second == 60:
            fake.crash(DOWN)
        reports = {}
        for at, (name, load) in enumerate(MODELS.items()):
            swing = 1 + 0.4 * sin(second / 9 + at)
            number = round(load.rate * (1 + 0.5 * sin(second / 17 + 2 * at)))
            if number:
                fake.serve(
                    name, n=number, inference_ms=load.service_ms * swing, queue_ms=load.queue_ms
                )
                reports[ModelKey(name, "1.0")] = _report(load, number, swing)
        return {"reports": reports}

    return Story(125, happens)


async def test_all_models_and_the_slow_one_in_depth(
    clock: SceneClock, project: MonitorOptions
) -> None:
    fake = FakeTorchServe(addresses=ELSEWHERE)
    for name, load in MODELS.items():
        fake.load(name, workers=load.workers)
    async with staged(fake, clock, project, size=SIZES[-1], story=_everyday(fake)) as stage:
        await stage.sees("translate_en_de")
        await at_each(stage, "seven", SIZES)
        stage.monitor.models_pane.go_to(ModelKey("translate_en_de", "1.0"))
        await stage.press("enter")
        await stage.sees("esc all models")
        await at_each(stage, "seven-depth", SIZES)
        await stage.press("m")
        await at_each(stage, "seven-heat", SIZES)
        await stage.press("m", "v")
        await at_each(stage, "seven-statistics", SIZES[:3])
