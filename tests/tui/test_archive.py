"""Packaging a model from the monitor."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from tests.fake import FakeTorchServe
from tests.tui.seat import watching
from tsmon.serving.archive import ArchiveSpec
from tsmon.serving.errors import ArchiveExists, MissingExtra
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.screens import archive as dialog
from tsmon.tui.screens.archive import ArchiveDialog
from tsmon.tui.widgets.field import Field


async def test_what_is_typed_becomes_the_archive(
    fake: FakeTorchServe, options: MonitorOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    specs: list[ArchiveSpec] = []

    def build(spec: ArchiveSpec) -> object:
        specs.append(spec)
        if not spec.force:
            raise ArchiveExists(spec.target)
        return spec.target

    monkeypatch.setattr(dialog, "build_archive", build)
    async with watching(fake, options) as seat:
        await seat.press("a")
        await seat.until(lambda: isinstance(seat.app.screen, ArchiveDialog))
        for field, text in (("name", "mine"), ("handler", "image_classifier"), ("extra", "a, b")):
            seat.find(Field, f"#{field}").text = text
        await seat.until(lambda: seat.app.focused is not None)
        await seat.pilot.pause()
        await seat.press("enter")
        await seat.sees("already exists", "the button overwrites it", "Replace")
        await seat.press("enter")
        await seat.sees("built", "r registers it")
    refused, replaced = specs
    assert not refused.force
    assert replaced.force
    assert replaced.model_name == "mine"
    assert replaced.handler == "image_classifier"
    assert [path.name for path in replaced.extra_files] == ["a", "b"]
    assert replaced.export_path == options.model_store


async def test_a_missing_extra_is_told_with_the_way_to_get_it(
    fake: FakeTorchServe, options: MonitorOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    def build(spec: ArchiveSpec) -> object:
        raise MissingExtra(["torch-model-archiver"])

    monkeypatch.setattr(dialog, "build_archive", build)
    async with watching(fake, options) as seat:
        await seat.press("a")
        await seat.until(lambda: isinstance(seat.app.screen, ArchiveDialog))
        await seat.until(lambda: seat.app.focused is not None)
        await seat.press("enter")
        await seat.sees("torch-model-archiver", "pip install 'tsmon[server]'")
        await seat.press("escape")
        await seat.sees("● up")


@pytest.mark.skipif(find_spec("model_archiver") is None, reason="needs torch-model-archiver")
async def test_the_digit_model_is_packaged_and_registered_without_typing(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.archive("mnist")
    async with watching(fake, options) as seat:
        await seat.press("a")
        await seat.sees("network.py", "mnist_handler.py")
        await seat.press("enter")
        await seat.sees("r registers it")
        await seat.press("r")
        await seat.sees("○ mnist.mar")
        await seat.press("enter")
        await seat.sees("● 1/1")
