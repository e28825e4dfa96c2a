"""Registering, removing, describing and choosing models."""

from __future__ import annotations

import zipfile
from pathlib import Path

import httpx
import pytest
from textual.widgets import Button

from tests.fake import FakeTorchServe, Loading
from tests.tui.seat import Seat, watching
from tsmon.telemetry.snapshot import ModelKey
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.screens.register import RegisterDialog
from tsmon.tui.widgets.field import Field
from tsmon.tui.widgets.models_pane import ModelsPane

MANIFEST = '{{"model": {{"modelName": "{}", "modelVersion": "{}", "handler": "h.py"}}}}'


def put_archive(store: Path | None, model: str, version: str = "1.0") -> None:
    """An archive in the monitor's model store, as far as a manifest makes one."""
    assert store is not None
    with zipfile.ZipFile(store / f"{model}.mar", "w") as archive:
        archive.writestr("MAR-INF/MANIFEST.json", MANIFEST.format(model, version))


async def open_register(seat: Seat) -> None:
    await seat.press("r")
    await seat.until(lambda: isinstance(seat.app.screen, RegisterDialog))


async def test_an_archive_of_the_store_is_registered_with_two_keys(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    put_archive(options.model_store, "mnist")
    fake.archive("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("No models are registered.")
        await open_register(seat)
        await seat.sees("○ mnist.mar", "mnist 1.0")
        await seat.press("enter")
        await seat.sees("mnist", "● ready", "1/1 ready", "mnist 1.0 is registered")
        assert seat.monitor.selected == ModelKey("mnist", "1.0")
    (request,) = [r for r in fake.requests if r.method == "POST" and "url" in r.url.params]
    assert dict(request.url.params) == {
        "url": "mnist.mar",
        "initial_workers": "1",
        "synchronous": "false",
    }


async def test_the_list_marks_what_is_registered_and_what_is_broken(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    put_archive(options.model_store, "mnist")
    assert options.model_store is not None
    (options.model_store / "broken.mar").write_text("nothing")
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await open_register(seat)
        await seat.sees("● mnist.mar", "registered", "✗ Not a model archive: broken.mar")


async def test_zero_workers_show_the_servers_own_words(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    put_archive(options.model_store, "mnist")
    fake.archive("mnist")
    async with watching(fake, options) as seat:
        await open_register(seat)
        await seat.sees("○ mnist.mar")
        seat.find(Field, "#workers").text = "0"
        await seat.press("enter")
        await seat.sees("registered with 0 initial", "○ 0/0")


async def test_what_the_server_refuses_is_told_and_nothing_typed_is_lost(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, options) as seat:
        await open_register(seat)
        await seat.until(lambda: seat.app.focused is not None)
        await seat.write("nowhere.mar")
        await seat.press("enter")
        await seat.sees("404", "Model not found at: nowhere.mar", "must lie in the model store")
        fake.load("mnist")
        fake.archive("mnist")
        await seat.write("mnist.mar")
        await seat.press("enter")
        await seat.sees("409", "already registered", "unregister it first")
        assert seat.find(Field, "#url").text == "mnist.mar"
        fake.model_api = False
        await seat.press("enter")
        await seat.sees("405", "--enable-model-api")
        await seat.press("escape")
        await seat.sees("mnist", "● ready")


@pytest.mark.parametrize(
    ("field", "text", "complaint"),
    [
        ("workers", "-1", "workers: -1 is less than 0"),
        ("batch", "0", "batch size: 0 is less than 1"),
        ("name", "a/b", "contains a slash"),
        ("url", "", "no archive given"),
    ],
)
async def test_a_value_the_server_would_misread_is_not_sent(
    fake: FakeTorchServe, options: MonitorOptions, field: str, text: str, complaint: str
) -> None:
    async with watching(fake, options) as seat:
        await open_register(seat)
        seat.find(Field, "#url").text = "mnist.mar"
        seat.find(Field, f"#{field}").text = text
        await seat.until(lambda: seat.app.focused is not None)
        seat.find(Button, "#accept").press()
        await seat.sees(complaint)
    assert not [r for r in fake.requests if "url" in r.url.params]


async def test_the_archives_own_settings_are_told_when_they_won(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.archive("mnist")
    async with watching(fake, options) as seat:
        await open_register(seat)
        await seat.until(lambda: seat.app.focused is not None)
        await seat.write("mnist.mar")
        seat.find(Field, "#batch").text = "4"
        hold = fake.hold("/models/mnist")
        await seat.press("enter")
        await seat.until(lambda: hold.waiting)
        fake.version("mnist").settings["batch_size"] = 8
        hold.release()
        await seat.sees("batch size is 8, not 4")


async def test_a_worker_that_keeps_dying_is_given_up_with_a_hint(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.archive("mnist", loading=Loading.DIES)
    async with watching(fake, options, size=(160, 40)) as seat:
        await open_register(seat)
        await seat.until(lambda: seat.app.focused is not None)
        await seat.write("mnist.mar")
        await seat.press("enter")
        await seat.sees("keeps dying while loading the model", "model_log.log shows why")
        await seat.press("escape")
        await seat.misses("keeps dying")


async def test_the_default_version_is_not_removed_before_the_others(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", "1.0")
    fake.load("mnist", "2.0")
    async with watching(fake, options) as seat:
        await seat.sees("1.0 ★", "2.0")
        await seat.press("u")
        await seat.sees("is the default version; TorchServe", "make it the default")
        assert not fake.sent("DELETE")
        await seat.press("D")
        await seat.sees("is already the default version")


async def test_describe_shows_the_answer_and_copies_it(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● ready")
        await seat.press("d")
        await seat.sees("● ready  1 of 1 ready", "one request at a time", "9000  ● ready")
        await seat.press("y")
        assert "response 120 s, start-up 120 s" in seat.app.clipboard
        await seat.press("tab")
        await seat.sees('"modelName": "mnist"', '"batchSize": 1')
        await seat.press("y")
        assert '"maxBatchDelay": 100' in seat.app.clipboard
        await seat.press("escape")
        await seat.sees("● ready")


async def test_an_action_without_a_model_says_so(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, options) as seat:
        for key in ("u", "d", "s", "plus", "n", "D"):
            await seat.press(key)
        await seat.sees("no model is selected", "r registers one")


async def test_a_failing_action_is_told(fake: FakeTorchServe, options: MonitorOptions) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● ready")
        await seat.press("p")
        fake.fail("/models/mnist", httpx.Response(500, text="no memory"))
        await seat.press("d")
        await seat.sees("no memory")


async def test_the_cursor_stays_on_its_model_when_others_come_and_go(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("m")
    fake.load("z")
    async with watching(fake, options) as seat:
        await seat.sees("● ready")
        await seat.press("down")
        await seat.until(lambda: seat.monitor.selected == ModelKey("z", "1.0"))
        fake.load("a")
        await seat.until(lambda: len(seat.monitor.snapshot.models) == 3)  # type: ignore[union-attr]
        assert seat.find(ModelsPane).table.cursor_key == "z 1.0"
        fake.registry.remove(fake.version("z"))
        await seat.until(lambda: seat.monitor.selected == ModelKey("m", "1.0"))


async def test_the_focus_stays_in_the_list_while_it_is_empty(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● 1/1", "10 images")
        table = seat.find(ModelsPane).table
        assert table.has_focus
        fake.registry.remove(fake.version("mnist"))
        await seat.sees("No models are registered.")
        fake.load("other")
        await seat.sees("other", "1/1 ready")
        assert table.has_focus
