"""Notes that are told again, and notes while something is asked."""

from __future__ import annotations

import pytest

from tests.fake import FakeTorchServe
from tests.tui.seat import watching
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.text.notes import Note


async def test_a_note_that_is_told_again_is_shown_once(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, options) as seat:
        for _ in range(3):
            seat.monitor.talk.note(Note("a batch is still being sent"))
        seat.monitor.talk.note(Note("the last one"))
        await seat.sees("the last one")
        assert seat.text.count("a batch is still being sent") == 1


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_no_note_lies_on_a_dialog_and_all_are_there_when_it_closes(
    fake: FakeTorchServe, options: MonitorOptions, size: tuple[int, int]
) -> None:
    fake.load("mnist")
    async with watching(fake, options, size=size) as seat:
        await seat.sees("mnist")
        seat.monitor.talk.note(Note("an older note"))
        await seat.sees("an older note")
        await seat.press("s")
        await seat.sees("Workers of mnist 1.0", "Cancel")
        await seat.misses("an older note")
        for _ in range(2):
            seat.monitor.talk.note(Note("it came meanwhile"))
        await seat.pilot.pause()
        assert "it came meanwhile" not in seat.text
        await seat.press("escape")
        await seat.sees("an older note", "it came meanwhile")
        assert seat.text.count("it came meanwhile") == 1


async def test_no_note_lies_on_the_command_line(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, options) as seat:
        seat.monitor.talk.note(Note("an older note"))
        await seat.sees("an older note")
        await seat.press("colon")
        await seat.misses("an older note")
        await seat.press("escape")
        await seat.sees("an older note")
