"""Load runs and experiments, as pictures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count

import pytest

from tests.fake import FakeTorchServe
from tests.snapshots.album import at_each, box
from tests.snapshots.clock import SceneClock
from tests.snapshots.scene import START
from tests.snapshots.sender import PlayedSender, RefusedSender
from tests.snapshots.stage import Stage, staged
from tests.unit.load.run.test_server_side import FULL, REFUSED, report
from tsmon.load.experiment import experiment
from tsmon.load.run import run
from tsmon.load.run.kept import keep_run
from tsmon.load.run.plan import RunPlan
from tsmon.load.run.record import run_record
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.screens.plan_experiment import PlanExperiment
from tsmon.tui.widgets.field import Field

SIZES = [(60, 20), (80, 24), (120, 30), (220, 60)]
SLOW_US = 93_000
IN_THE_MIDST = 9
"""The run, counted from 0, that is the last batch of the second setting: each has one to warm up
and four that are measured."""
DIALOG = [(60, 20), (80, 24), (120, 30)]


class _StartOfScene(datetime):
    """A wall clock that stands at the start of the scene."""

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        return START


def sending(monkeypatch: pytest.MonkeyPatch, make: Callable[[], PlayedSender]) -> None:
    """Have runs sent by nobody."""

    async def start() -> PlayedSender:
        return make()

    monkeypatch.setattr(run, "_start_process", start)


async def open_load(stage: Stage, **numbers: str) -> None:
    await stage.ticks(2)
    await stage.until(lambda: stage.monitor.sending.desk.folder)
    await stage.press("L")
    await stage.sees("Load mnist 1.0", "requests/s")
    for name, text in numbers.items():
        stage.find(Field, f"#{name}").text = text


async def test_a_load_run_from_its_dialog_to_its_end(
    elsewhere: FakeTorchServe,
    clock: SceneClock,
    project: MonitorOptions,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sending(monkeypatch, lambda: PlayedSender(180.0, partial(_serve, elsewhere)))
    async with staged(elsewhere, clock, project) as stage:
        await open_load(stage, seconds="600")
        await at_each(stage, "load-dialog", DIALOG, box)
        await stage.press("enter")
        await stage.sees("10 s", "in flight")
        await at_each(stage, "load-running", SIZES)
        await stage.press("escape")
        await stage.sees("stopped")
        await stage.press("escape", "L")
        await stage.sees("Load mnist 1.0", "requests/s")
        stage.find(Field, "#seconds").text = "10"
        await stage.press("enter")
        await stage.sees("time is up")
        await at_each(stage, "load-ended", SIZES)


async def test_a_load_run_of_which_half_is_refused(
    elsewhere: FakeTorchServe,
    clock: SceneClock,
    project: MonitorOptions,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sending(monkeypatch, lambda: RefusedSender(180.0, partial(_serve, elsewhere)))
    async with staged(elsewhere, clock, project) as stage:
        elsewhere.registry.scale(elsewhere.version("mnist", "1.0"), 0, 0)
        await open_load(stage)
        await stage.press("enter")
        await stage.sees("time is up", "tsmon scale")
        await at_each(stage, "load-refused", SIZES[:3])


async def plan_experiment(stage: Stage) -> None:
    await stage.ticks(2)
    await stage.until(lambda: stage.monitor.sending.desk.folder)
    await stage.press("x")
    await stage.until(lambda: isinstance(stage.app.screen, PlanExperiment))
    await stage.sees("workers")


async def test_an_experiment_from_its_plan_to_its_result(
    elsewhere: FakeTorchServe,
    clock: SceneClock,
    project: MonitorOptions,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(experiment, "datetime", _StartOfScene)

    def sender() -> PlayedSender:
        return PlayedSender(9.0, partial(_count, elsewhere), least_us=SLOW_US)

    sending(monkeypatch, sender)
    async with staged(elsewhere, clock, project) as stage:
        await plan_experiment(stage)
        await at_each(stage, "experiment-plan", DIALOG, box)
        stage.find(Field, "#workers").text = "1,zwei"
        await stage.sees("is not a list")
        await at_each(stage, "experiment-no-plan", DIALOG, box)
        stage.find(Field, "#workers").text = "1,2,4"
        hold = elsewhere.hold("/models/mnist/1.0")
        await stage.press("enter")
        hold.release()
        await stage.sees("is back to 2 workers", "saved in")
        await at_each(stage, "experiment-result", SIZES)


async def test_an_experiment_under_way_and_stopped(
    elsewhere: FakeTorchServe,
    clock: SceneClock,
    project: MonitorOptions,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs = count()

    def sender() -> PlayedSender:
        share = 0.5 if next(runs) == IN_THE_MIDST else 1.0
        return PlayedSender(9.0, partial(_count, elsewhere), share=share, least_us=SLOW_US)

    monkeypatch.setattr(experiment, "datetime", _StartOfScene)
    sending(monkeypatch, sender)
    async with staged(elsewhere, clock, project) as stage:
        await plan_experiment(stage)
        await stage.press("enter")
        await stage.sees("2 of 3: 2 workers", "55 of 80 answered")
        await at_each(stage, "experiment-running", SIZES)
        await stage.press("escape")
        await stage.sees("stopped by you", "is back to 2 workers")
        await at_each(stage, "experiment-stopped", SIZES[:3])


def _serve(fake: FakeTorchServe, _plan: RunPlan) -> None:
    """What comes in ten seconds at 180 a second is counted."""
    fake.serve("mnist", "1.0", n=1800, inference_ms=7.5, queue_ms=2.5)


def _count(fake: FakeTorchServe, plan: RunPlan) -> None:
    """The requests cost what they did in the walkthrough, roughly."""
    workers = len(fake.version("mnist", "1.0").workers)
    queue_ms = 9.7 / workers**1.7
    fake.serve("mnist", "1.0", n=plan.count, inference_ms=93.0 - workers, queue_ms=queue_ms)


async def test_two_runs_beside_each_other(
    elsewhere: FakeTorchServe, clock: SceneClock, project: MonitorOptions
) -> None:
    begun = START.astimezone(UTC)
    fast = run_record(report(4000), begun)
    full = run_record(report(2400, {FULL: 1600, REFUSED: 12}), begun + timedelta(minutes=4))
    for record in (fast, full):
        keep_run(record, project.server_home)
    async with staged(elsewhere, clock, project) as stage:
        await stage.ticks(2)
        await stage.press("B")
        await stage.sees("2 runs")
        await at_each(stage, "runs", DIALOG)
        await stage.press("space", "space", "enter")
        await stage.sees("Two runs")
        await at_each(stage, "runs-compared", SIZES)
