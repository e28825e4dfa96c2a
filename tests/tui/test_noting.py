"""Notes that are told again, and notes where a dialog opens."""

from __future__ import annotations

from tests.fake import FakeTorchServe
from tests.tui.seat import watching
from tsmon.tui.app import MonitorOptions
from tsmon.tui.notes import Note


async def test_a_note_that_is_told_again_is_shown_once(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, options) as seat:
        for _ in range(3):
            seat.monitor.talk.note(Note("a batch is still being sent"))
        seat.monitor.talk.note(Note("the last one"))
        await seat.sees("the last one")
        assert seat.text.count("a batch is still being sent") == 1


async def test_a_dialog_of_a_small_terminal_is_not_covered_by_what_was_told_before(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options, size=(80, 24)) as seat:
        await seat.sees("mnist")
        seat.monitor.talk.note(Note("an older note"))
        await seat.sees("an older note")
        await seat.press("s")
        await seat.sees("Workers of mnist 1.0", "Cancel")
        await seat.misses("an older note")
