"""The monitor on servers that are not as they should be, as pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tests.fake import FakeTorchServe
from tests.snapshots.album import at_each
from tests.snapshots.clock import SceneClock
from tests.snapshots.scene import ELSEWHERE
from tests.snapshots.stage import Story, staged
from tsmon.telemetry.logs.causes import Cause
from tsmon.telemetry.logs.known_exceptions import CauseKind
from tsmon.telemetry.snapshot import ModelKey
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.tokens import KeyRing
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.state.session import Tag

SIZES = [(80, 24), (140, 40)]
SMALL = [(60, 20), (120, 30)]
AFTERWARDS = 4
"""Seconds."""
Happens = Callable[[int], dict[str, Any] | None]


def traffic(fake: FakeTorchServe, seconds: int = 20, then: Happens | None = None) -> Story:
    """Two models are asked, one of them more from second to second; `then` comes afterwards."""

    def happens(second: int) -> dict[str, Any] | None:
        if second >= seconds:
            return then(second - seconds) if then else None
        fake.serve("mnist", "1.0", n=12 + second, inference_ms=8.0, queue_ms=0.6)
        fake.serve("resnet", n=4, inference_ms=41.0, queue_ms=23.0)
        return None

    return Story(seconds + (AFTERWARDS if then else 0), happens)


async def test_a_server_that_went_away(
    elsewhere: FakeTorchServe, clock: SceneClock, project: MonitorOptions
) -> None:
    story = traffic(elsewhere, then=lambda _: elsewhere.kill())
    async with staged(elsewhere, clock, project, tag=Tag("prod", "red"), story=story) as stage:
        await stage.sees("✗ away")
        await at_each(stage, "away", [*SMALL, *SIZES])


async def test_a_server_whose_key_is_not_known(
    clock: SceneClock, project: MonitorOptions, tmp_path: Path
) -> None:
    fake = FakeTorchServe(addresses=ELSEWHERE, key_file=tmp_path / "key_file.json")
    fake.load("mnist")
    client = TorchServe(fake.addresses, KeyRing(), transport=fake.transport())
    async with staged(fake, clock, project, client=client) as stage:
        await stage.sees("token refused")
        await at_each(stage, "no-key", [*SMALL, (80, 24)])


async def test_counters_that_are_only_in_the_log(
    clock: SceneClock, project: MonitorOptions
) -> None:
    fake = FakeTorchServe(addresses=ELSEWHERE, metrics_mode="log")
    fake.load("mnist")
    async with staged(fake, clock, project) as stage:
        await stage.ticks(5)
        await stage.sees("metrics_mode is log")
        await at_each(stage, "metrics-in-log", SIZES)


async def test_metrics_that_cannot_be_read(
    elsewhere: FakeTorchServe, clock: SceneClock, project: MonitorOptions
) -> None:
    missing = httpx.Response(404, text="not here")
    story = traffic(elsewhere, then=lambda _: elsewhere.fail("/metrics", missing))
    async with staged(elsewhere, clock, project, story=story) as stage:
        await at_each(stage, "metrics-off", [(120, 30)])


async def test_a_model_whose_workers_die_and_why(
    elsewhere: FakeTorchServe, clock: SceneClock, project: MonitorOptions
) -> None:
    cause = Cause(
        CauseKind.MISSING_MODULE,
        "ModuleNotFoundError: No module named 'torchvision'",
        (),
        "pip install torchvision where TorchServe runs",
        "9003",
        "resnet",
        "1.0",
        clock.now.wall.replace(tzinfo=None),
    )

    def crash(_: int) -> dict[str, Any]:
        elsewhere.crash("resnet")
        return {"causes": {ModelKey("resnet", "1.0"): cause}}

    story = traffic(elsewhere, then=crash)
    async with staged(elsewhere, clock, project, story=story) as stage:
        await stage.press("down", "down")
        await stage.sees("torchvision")
        await at_each(stage, "failing", [*SMALL, *SIZES])


async def test_a_model_without_workers(
    elsewhere: FakeTorchServe, clock: SceneClock, project: MonitorOptions
) -> None:
    resnet = elsewhere.version("resnet")
    story = traffic(elsewhere, then=lambda _: elsewhere.registry.scale(resnet, 0, 0))
    async with staged(elsewhere, clock, project, story=story) as stage:
        await stage.press("down", "down")
        await stage.sees("0/0")
        await at_each(stage, "no-workers", [(120, 30)])


async def test_no_models_at_all(clock: SceneClock, project: MonitorOptions) -> None:
    fake = FakeTorchServe(addresses=ELSEWHERE, model_api=False)
    async with staged(fake, clock, project) as stage:
        await stage.ticks(2)
        await at_each(stage, "no-models", [(60, 20), (80, 24), (120, 30)])


async def test_a_large_terminal(
    elsewhere: FakeTorchServe, clock: SceneClock, project: MonitorOptions
) -> None:
    for number in range(8):
        elsewhere.load(f"bert-{number}", workers=1 + number % 3)
    async with staged(elsewhere, clock, project, story=traffic(elsewhere, 100)) as stage:
        await at_each(stage, "many-models", [(120, 30), (220, 60), (300, 80)])
