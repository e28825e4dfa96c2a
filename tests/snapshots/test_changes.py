"""What asks before a change and shows how it goes, as pictures."""

from __future__ import annotations

import zipfile
from pathlib import Path

import httpx
import pytest
from textual.widgets import Button

from tests.fake import FakeTorchServe, Loading
from tests.snapshots.album import at_each, box
from tests.snapshots.clock import SceneClock
from tests.snapshots.stage import staged
from tests.tui.seat import Seat
from tests.tui.test_models import MANIFEST
from tsmon.torchserve import replacement
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.screens.archive import ArchiveDialog
from tsmon.tui.screens.confirm import Confirm
from tsmon.tui.screens.register import RegisterDialog
from tsmon.tui.screens.replace import ReplaceDialog
from tsmon.tui.screens.steps import StepsScreen
from tsmon.tui.state.risk import Risk
from tsmon.tui.widgets.field import Field

SIZES = [(60, 20), (80, 24), (120, 30)]


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replacement, "DRAIN_POLL_S", 0.1)
    monkeypatch.setattr("os.cpu_count", lambda: 4)


def put_archive(store: Path | None, name: str, model: str, version: str) -> None:
    """An archive in the model store, a megabyte large."""
    assert store is not None
    with zipfile.ZipFile(store / name, "w") as archive:
        archive.writestr("MAR-INF/MANIFEST.json", MANIFEST.format(model, version))
        archive.writestr("weights.pt", bytes(2**20))


async def asked(seat: Seat, severity: Risk) -> None:
    await seat.until(lambda: isinstance(seat.app.screen, Confirm))
    await seat.until(lambda: seat.app.focused is not None)
    await seat.sees(severity.words)


async def accept(seat: Seat) -> None:
    seat.find(Button, "#accept").press()
    await seat.until(lambda: not isinstance(seat.app.screen, Confirm))


async def test_questions_by_how_grave_they_are(
    elsewhere: FakeTorchServe, clock: SceneClock, project: MonitorOptions
) -> None:
    async with staged(elsewhere, clock, project) as stage:
        await stage.ticks(2)
        await stage.press("down", "D")
        await asked(stage, Risk.CHANGE)
        await at_each(stage, "confirm-change", SIZES, box)
        await stage.press("escape", "u")
        await asked(stage, Risk.LOSS)
        await at_each(stage, "confirm-loss", SIZES, box)
        await stage.press("escape", "minus")
        await asked(stage, Risk.LAST)
        await stage.write("mnits")
        await stage.press("enter")
        await stage.sees("is not 'mnist'")
        await at_each(stage, "confirm-last", SIZES, box)


async def test_what_a_refusal_looks_like(
    elsewhere: FakeTorchServe, clock: SceneClock, project: MonitorOptions
) -> None:
    async with staged(elsewhere, clock, project) as stage:
        await stage.ticks(2)
        elsewhere.model_api = False
        await stage.press("down", "u")
        await asked(stage, Risk.LOSS)
        stage.find(Button, "#accept").press()
        await stage.sees("405")
        await at_each(stage, "confirm-refused", SIZES, box)


async def test_the_note_of_what_can_be_taken_back(
    elsewhere: FakeTorchServe, clock: SceneClock, project: MonitorOptions
) -> None:
    async with staged(elsewhere, clock, project) as stage:
        await stage.ticks(2)
        await stage.press("down", "D")
        await asked(stage, Risk.CHANGE)
        await accept(stage)
        await stage.ticks(1)
        await stage.sees("2.0 ★", "U default 1.0 again")
        await at_each(stage, "undo", [(80, 24), (120, 30)])


async def test_registering(
    elsewhere: FakeTorchServe, clock: SceneClock, project: MonitorOptions
) -> None:
    put_archive(project.model_store, "mnist-3.mar", "mnist", "3.0")
    put_archive(project.model_store, "resnet-18.mar", "resnet", "1.0")
    assert project.model_store is not None
    (project.model_store / "broken.mar").write_text("no archive")
    async with staged(elsewhere, clock, project) as stage:
        await stage.ticks(2)
        await stage.press("r")
        await stage.until(lambda: isinstance(stage.app.screen, RegisterDialog))
        await stage.sees("○ mnist-3.mar", "POST")
        await at_each(stage, "register-archives", SIZES, box)
        refusal = {"code": 400, "type": "BadRequestException", "message": "no space left on device"}
        elsewhere.fail("/models", httpx.Response(400, json=refusal), times=1)
        await stage.press("enter")
        await stage.sees("no space left")
        await at_each(stage, "register-refused", SIZES, box)


async def test_packaging(
    elsewhere: FakeTorchServe, clock: SceneClock, project: MonitorOptions
) -> None:
    async with staged(elsewhere, clock, project) as stage:
        await stage.press("a")
        await stage.until(lambda: isinstance(stage.app.screen, ArchiveDialog))
        for name, text in {
            "name": "digits",
            "model-file": "model/network.py",
            "weights": "model/digits.pt",
            "handler": "image_classifier",
            "extra": "",
        }.items():
            stage.find(Field, f"#{name}").text = text
        await stage.sees("digits.pt")
        await at_each(stage, "archive", SIZES, box)


async def test_replacing_a_version(
    elsewhere: FakeTorchServe, clock: SceneClock, project: MonitorOptions
) -> None:
    put_archive(project.model_store, "mnist-3.mar", "mnist", "3.0")
    elsewhere.archive("mnist", "3.0", url="mnist-3.mar", loading=Loading.HELD)
    async with staged(elsewhere, clock, project) as stage:
        await stage.ticks(2)
        await stage.press("R")
        await stage.until(lambda: isinstance(stage.app.screen, ReplaceDialog))
        await stage.sees("○ mnist-3.mar", "1.0 → 3.0")
        await at_each(stage, "replace", SIZES, box)
        await begin_replacing(stage)
        await stage.sees("◌ wait for its workers", "0 of 2 workers ready")
        await at_each(stage, "replace-under-way", SIZES, box)
        elsewhere.release("mnist", "3.0")
        await stage.sees("✓ remove mnist 1.0", "the default version, serves")
        await at_each(stage, "replace-done", SIZES, box)


async def begin_replacing(seat: Seat) -> None:
    seat.find(Field, "#grace").text = "0"
    await seat.press("enter")
    await seat.until(lambda: isinstance(seat.app.screen, StepsScreen))


async def test_replacing_that_fails(
    elsewhere: FakeTorchServe, clock: SceneClock, project: MonitorOptions
) -> None:
    put_archive(project.model_store, "mnist-3.mar", "mnist", "3.0")
    elsewhere.archive("mnist", "3.0", url="mnist-3.mar", loading=Loading.DIES)
    async with staged(elsewhere, clock, project) as stage:
        await stage.ticks(2)
        await stage.press("R")
        await stage.sees("○ mnist-3.mar", "1.0 → 3.0")
        await begin_replacing(stage)
        await stage.sees("✗ wait for its workers", "1.0 still serves")
        await at_each(stage, "replace-failed", SIZES, box)


async def test_restarting_the_workers(
    elsewhere: FakeTorchServe, clock: SceneClock, project: MonitorOptions
) -> None:
    elsewhere.version("mnist", "1.0").archive.loading = Loading.HELD
    async with staged(elsewhere, clock, project) as stage:
        await stage.ticks(2)
        await stage.press("W")
        await asked(stage, Risk.LAST)
        await at_each(stage, "restart", SIZES, box)
        stage.find(Field, "#typed").text = "mnist"
        await accept(stage)
        await stage.sees("◌", "0 of 2 workers ready")
        await at_each(stage, "restart-under-way", SIZES, box)
        elsewhere.release("mnist", "1.0")
        await stage.sees("2 workers of mnist 1.0 restarted")
        await at_each(stage, "restart-done", SIZES, box)


async def test_scaling_with_advice(
    elsewhere: FakeTorchServe, clock: SceneClock, project: MonitorOptions
) -> None:
    async with staged(elsewhere, clock, project) as stage:
        elsewhere.serve("mnist", "1.0")
        await stage.ticks(3)
        await stage.ticks(
            20, lambda: elsewhere.serve("mnist", "1.0", n=90, inference_ms=26.0, queue_ms=8.0)
        )
        await stage.press("s")
        await stage.sees("Workers of mnist", "busy")
        await stage.write("4")
        await stage.sees("2 → 4")
        await at_each(stage, "scale-advice", SIZES, box)
