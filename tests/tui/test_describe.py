"""The description of a version."""

from __future__ import annotations

from tests.fake import FakeTorchServe
from tests.tui.seat import watching
from tsmon.tui.app.app import MonitorOptions


async def test_the_handler_is_asked_only_on_a_key(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist").archive.metadata = {"classes": ["zero", "one"]}
    async with watching(fake, options, size=(100, 30)) as seat:
        await seat.press("d")
        await seat.sees("m asks its handler")
        assert not any("customized" in str(request.url) for request in fake.requests)
        await seat.press("m")
        await seat.sees('"modelName"')
        await seat.press("end")
        await seat.sees('"customizedMetadata"', '"zero"')


async def test_a_handler_without_words_is_said(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options, size=(100, 30)) as seat:
        await seat.press("d")
        await seat.sees("m asks its handler")
        await seat.press("m")
        await seat.sees("the handler says nothing of itself")
