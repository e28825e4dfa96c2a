"""The archives of the model store, and serving one by enter."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from msgspec.structs import replace

from tests.fake import FakeTorchServe
from tests.tui.seat import watching
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.screens.store import Store


def put_archive(options: MonitorOptions, file: str, model: str, version: str = "1.0") -> Path:
    """A file in the model store with a manifest."""
    assert options.model_store is not None
    path = options.model_store / file
    manifest = {"model": {"modelName": model, "modelVersion": version, "handler": "handler.py"}}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("MAR-INF/MANIFEST.json", json.dumps(manifest))
    return path


async def test_a_server_without_models_names_the_archives_and_enter_serves_one(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    put_archive(options, "mnist.mar", "mnist")
    put_archive(options, "speech.mar", "speech", "2.0")
    fake.archive("mnist", "1.0", url="mnist.mar")
    async with watching(fake, options, size=(100, 24)) as seat:
        await seat.sees("2 archives in the model store: mnist.mar, speech.mar", "A lists them")
        await seat.sees("A archives  enter in depth")
        await seat.press("A")
        await seat.sees(
            "Archives", "mnist.mar", "speech.mar", "2.0", "handler.py", "not registered"
        )
        await seat.sees("0 of 2 archives registered", "enter registers it with one worker")
        await seat.press("enter")
        await seat.sees("● 1/1", "mnist")
        assert fake.version("mnist").min_workers == 1
        await seat.press("A")
        await seat.sees("● ready", "1 of 2 archives registered", "registered as mnist 1.0")


async def test_enter_on_a_registered_archive_goes_to_its_model(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    put_archive(options, "aaa.mar", "other")
    put_archive(options, "zzz.mar", "mnist")
    fake.load("cifar")
    fake.load("mnist").url = "zzz.mar"
    async with watching(fake, options) as seat:
        await seat.sees("● ready", "cifar")
        await seat.press("A")
        await seat.sees("zzz.mar")
        await seat.press("down", "enter")
        await seat.until(lambda: str(seat.monitor.selected) == "mnist 1.0")
    assert not [each for each in fake.requests if "url" in each.url.params]


async def test_an_archive_that_cannot_be_read_says_why_and_is_not_served(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    assert options.model_store is not None
    (options.model_store / "broken.mar").write_bytes(b"no archive")
    async with watching(fake, options) as seat:
        await seat.press("A")
        await seat.sees("broken.mar", "✗ not readable", "Not a model archive")
        await seat.press("enter")
        await seat.sees("this archive cannot be read")


async def test_read_only_lists_and_serves_nothing(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    put_archive(options, "mnist.mar", "mnist")
    async with watching(fake, options, read_only=True) as seat:
        await seat.press("A")
        await seat.sees("mnist.mar", "nothing can be registered from here now")
        await seat.press("enter")
        assert isinstance(seat.app.screen, Store)
    assert not fake.sent("POST")


async def test_a_new_archive_appears_while_the_page_is_open(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, options) as seat:
        await seat.press("A")
        await seat.sees("no archives in")
        put_archive(options, "late.mar", "late")
        await seat.sees("late.mar")


async def test_without_a_known_store_it_says_how_to_name_it(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, replace(options, model_store=None)) as seat:
        await seat.press("A")
        await seat.sees("the model store of this server is not known here")
