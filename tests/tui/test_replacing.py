"""R replaces a version, W restarts its workers: step by step, stopped, failed."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from textual.widgets import Button

from tests.fake import FakeTorchServe, Loading
from tests.tui.seat import Seat, watching
from tests.tui.test_models import MANIFEST
from tsmon.telemetry.snapshot import ModelKey
from tsmon.torchserve import replacement
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.screens.confirm import Confirm
from tsmon.tui.screens.replace import ReplaceDialog
from tsmon.tui.screens.steps import StepsScreen
from tsmon.tui.state.risk import Risk
from tsmon.tui.widgets.field import Field


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replacement, "DRAIN_POLL_S", 0.02)


@pytest.fixture
def second(fake: FakeTorchServe, options: MonitorOptions) -> Path:
    """Version 1.0 is served with two workers; the archive of 2.0 lies in the store."""
    fake.load("mnist", "1.0", workers=2)
    fake.archive("mnist", "2.0", url="mnist-2.mar")
    assert options.model_store is not None
    path = options.model_store / "mnist-2.mar"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("MAR-INF/MANIFEST.json", MANIFEST.format("mnist", "2.0"))
    return path


async def open_replace(seat: Seat) -> None:
    await seat.sees("2/2 ready")
    await seat.press("R")
    await seat.until(lambda: isinstance(seat.app.screen, ReplaceDialog))
    await seat.sees("○ mnist-2.mar", "default   1.0 → 2.0", "workers   2 → 4 temporarily, then 2")


async def begin(seat: Seat) -> None:
    """Without a time of grace."""
    await open_replace(seat)
    seat.find(Field, "#grace").text = "0"
    await seat.press("enter")
    await seat.until(lambda: isinstance(seat.app.screen, StepsScreen))


@pytest.mark.usefixtures("second")
async def test_an_archive_of_the_store_takes_the_place_of_a_version(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, options, size=(120, 40)) as seat:
        await open_replace(seat)
        await seat.sees("/models/mnist/2.0/set-default", "/models/mnist/1.0", "initial_workers=2")
        await seat.press("escape")
        await begin(seat)
        await seat.sees("✓ remove mnist 1.0", "mnist 2.0, the default version, serves")
        await seat.press("escape")
        await seat.sees("2.0 ★", "2/2 ready")
        await seat.until(lambda: seat.monitor.selected == ModelKey("mnist", "2.0"))
    assert list(fake.registry.models["mnist"].versions) == ["2.0"]


@pytest.mark.usefixtures("second")
async def test_a_new_version_that_does_not_start_is_removed_again_and_that_is_said(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.store["mnist-2.mar"].loading = Loading.DIES
    async with watching(fake, options, size=(120, 40)) as seat:
        await begin(seat)
        await seat.sees("✗ wait for its workers", "keeps dying", "1.0 still serves")
        await seat.press("escape")
        await seat.sees("1.0 ★")
    assert list(fake.registry.models["mnist"].versions) == ["1.0"]


@pytest.mark.usefixtures("second")
async def test_esc_stops_it_and_the_old_version_goes_on_serving(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.store["mnist-2.mar"].loading = Loading.HELD
    async with watching(fake, options, size=(120, 40)) as seat:
        await begin(seat)
        await seat.sees("◌ wait for its workers", "0 of 2 workers ready")
        await seat.press("escape")
        await seat.sees("■ wait for its workers", "mnist 2.0 is removed again")
        assert list(fake.registry.models["mnist"].versions) == ["1.0"]


@pytest.mark.usefixtures("second")
async def test_leaving_the_monitor_does_not_leave_it_half_done(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.store["mnist-2.mar"].loading = Loading.HELD
    async with watching(fake, options, size=(120, 40)) as seat:
        await begin(seat)
        await seat.sees("◌ wait for its workers")
        await seat.press("q")
        await seat.until(lambda: not seat.app.is_running)
    assert list(fake.registry.models["mnist"].versions) == ["1.0"]


@pytest.mark.usefixtures("second")
async def test_a_test_file_that_cannot_be_read_is_told_before_anything_is_sent(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, options, size=(120, 40)) as seat:
        await open_replace(seat)
        seat.find(Field, "#test").text = "/nowhere/seven.png"
        await seat.press("enter")
        await seat.sees("cannot read /nowhere/seven.png")
    assert not [r for r in fake.requests if "url" in r.url.params]


async def test_workers_of_another_machine_are_restarted_at_once_after_a_grave_question(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    version = fake.load("mnist", workers=2)
    async with watching(fake, options) as seat:
        await seat.sees("2/2 ready")
        await seat.press("W")
        await seat.until(lambda: isinstance(seat.app.screen, Confirm))
        await seat.sees(Risk.LAST.words, "workers   2 → 0, then 2", "get a 503")
        seat.find(Field, "#typed").text = "mnist"
        seat.find(Button, "#accept").press()
        await seat.until(lambda: isinstance(seat.app.screen, StepsScreen))
        await seat.sees("✓ end all workers", "2 workers of mnist 1.0 restarted, all at once")
        await seat.press("escape")
        await seat.sees("2/2 ready")
    assert [worker.port for worker in version.workers] == [9002, 9003]


async def test_a_version_without_workers_has_nothing_to_restart(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", workers=0)
    async with watching(fake, options) as seat:
        await seat.sees("0/0 ready")
        await seat.press("W")
        await seat.sees("has no workers to restart")
