"""Where no server is yet, and where something is wrong with one, as pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from msgspec.structs import replace

from tests.fake import FakeTorchServe
from tests.snapshots.album import at_each, box
from tests.snapshots.clock import SceneClock
from tests.snapshots.stage import staged
from tests.unit.doctor import made
from tsmon.doctor.catalogue import CHECKS
from tsmon.doctor.examination import Examination, Report
from tsmon.doctor.findings import run_check
from tsmon.serving.errors import StartFailed
from tsmon.serving.launch import StartProgress
from tsmon.serving.local_server import LocalServer
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.screens.doctor import Doctor
from tsmon.tui.screens.start_server import StartServerDialog
from tsmon.tui.widgets import field

SIZES = [(60, 20), (80, 24), (120, 30)]


async def test_the_welcome(clock: SceneClock, project: MonitorOptions) -> None:
    fake = FakeTorchServe()
    fake.kill()
    async with staged(fake, clock, replace(project, welcome=True)) as stage:
        await stage.sees("No TorchServe here yet")
        await at_each(stage, "welcome", SIZES)


async def test_a_start_under_way_and_failed(
    elsewhere: FakeTorchServe,
    clock: SceneClock,
    project: MonitorOptions,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go_on = Event()

    def start(_: LocalServer, plan: object, on_progress: Callable[[StartProgress], None]) -> None:
        on_progress(StartProgress("starting Java 21", 1.2))
        go_on.wait()
        lines = ["java.net.BindException: Address already in use", "  at sun.nio.ch.Net.bind0"]
        raise StartFailed("TorchServe ended after 2 s", "the last lines of its log:", lines)

    monkeypatch.setattr(LocalServer, "start", start)
    # What a field suggests comes from a thread, before the picture or after it.
    monkeypatch.setattr(field, "complete_path", lambda _text: None)
    options = replace(project, server_home=Path("/home/user/server"))
    async with staged(elsewhere, clock, options) as stage:
        await stage.press("S")
        await stage.until(lambda: isinstance(stage.app.screen, StartServerDialog))
        await stage.until(lambda: stage.app.focused is not None)
        await stage.press("enter")
        await stage.sees("◌ starting Java 21")
        await at_each(stage, "start-under-way", SIZES, box)
        go_on.set()
        await stage.sees("BindException")
        await at_each(stage, "start-failed", SIZES, box)


def findings() -> Report:
    """What the checks say of a server with some faults."""
    models = (
        made.model(workers=(made.worker(), made.worker(1, status="UNLOADING"))),
        made.model(name="resnet", batch_size=8, max_batch_delay_ms=0, response_timeout_s=1),
    )
    machine = made.machine(cores=1, memory_available=made.GB // 2)
    facts = replace(made.with_models(*models), machine=machine)
    return Report(tuple(run_check(check, facts) for check in CHECKS), reachable=True)


async def test_the_doctor(
    elsewhere: FakeTorchServe,
    clock: SceneClock,
    project: MonitorOptions,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def make(_: Examination) -> Report:
        return findings()

    monkeypatch.setattr(Examination, "make", make)
    async with staged(elsewhere, clock, project) as stage:
        await stage.press("H")
        await stage.until(lambda: isinstance(stage.app.screen, Doctor))
        await stage.sees("error")
        await at_each(stage, "doctor", [*SIZES, (220, 60)])
        await stage.press("enter")
        await stage.sees("Checked:")
        await at_each(stage, "doctor-finding", SIZES)
        await stage.press("escape", "v")
        await stage.misses("✓ ok  ")
        await at_each(stage, "doctor-wrong-alone", [(80, 24)])
