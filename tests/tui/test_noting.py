"""Notes that are told again, and notes while something is asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets._toast import Toast

from tests.fake import FakeTorchServe
from tests.tui.seat import Seat, watching
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.app.notifications import MOST, free_rows, rows_in_use
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


SIZES = [(60, 20), (80, 24), (120, 30), (140, 40)]


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_notes_are_two_at_most_and_lie_neither_on_the_row_nor_on_the_images(
    fake: FakeTorchServe, options: MonitorOptions, size: tuple[int, int]
) -> None:
    fake.load_many(9)
    async with watching(fake, options, size=size) as seat:
        await seat.sees("model-000")
        for key in ("4", "1"):
            await seat.press(key)
            for number in range(4):
                seat.monitor.talk.note(Note(f"note {key}.{number}", "what to do about it"))
            await seat.sees(f"note {key}.3")
            await seat.until(lambda: 0 < len(seat.app.screen.query(Toast)) <= MOST)
            await seat.until(lambda: not covered(seat))
        await seat.press("e")
        await seat.sees(*(f"note 1.{number}" for number in range(4)))


async def test_a_note_makes_room_for_the_row_that_is_chosen_next(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load_many(40)
    async with watching(fake, options, size=(80, 24)) as seat:
        await seat.sees("model-000")
        await seat.press("z")
        seat.monitor.talk.note(Note("a note"))
        await seat.sees("a note")
        await seat.press("end")
        await seat.sees("model-039", "a note")
        await seat.until(lambda: not covered(seat))


async def test_what_went_wrong_stays_longer_than_what_was_done(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, options) as seat:
        seat.monitor.talk.note(Note("it failed"))
        for number in range(3):
            seat.monitor.talk.note(Note(f"done {number}"), bad=False)
        await seat.sees("it failed", "done 2")
        assert "done 1" not in seat.text


def covered(seat: Seat) -> list[Toast]:
    """The notes that lie on rows in use."""
    rows = rows_in_use(seat.app.screen)
    toasts = [each for each in seat.app.screen.query(Toast) if each.is_on_screen]
    regions = [(each, each.region) for each in toasts]
    return [
        toast
        for toast, region in regions
        if any(region.y < behind and first < region.bottom for first, behind in rows)
    ]


ROWS = st.tuples(st.integers(0, 50), st.integers(0, 20)).map(lambda row: (row[0], row[0] + row[1]))


@given(st.integers(1, 60), st.lists(ROWS, max_size=5), st.integers(0, 20))
def test_free_rows_are_used_by_nothing_and_enough_where_there_are_enough(
    height: int, used: list[tuple[int, int]], needed: int
) -> None:
    first, behind = free_rows(height, used, needed)
    taken = {row for start, end in used for row in range(start, end)}
    assert 0 <= first <= behind <= height
    free = set(range(height)) - taken
    assert set(range(first, behind)) <= free or not free
    runs = [n for n in range(height - needed + 1) if set(range(n, n + needed)) <= free]
    assert behind - first >= needed or not runs
