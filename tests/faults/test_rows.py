"""Each row of the table, tried with a command and in the monitor."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest

from tests.faults.conftest import SceneOn
from tests.faults.keyboard import try_keys, watched
from tests.faults.rows import SERVES, Row
from tests.faults.scene import Scene
from tests.faults.table import ROWS
from tests.tui.seat import PATIENCE_S, PERIOD_S, Seat, seated
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.state.session import LiveSession

LONGEST_S = 1.0
"""For half of the keys, and for the loop, where other programs run as well."""
SIZE = (140, 30)
TICKS = 2
"""Looks at the server of which the last saw a fault that is not to be seen."""


EVERY_ROW = pytest.mark.parametrize("row", ROWS, ids=[row.id for row in ROWS])


@EVERY_ROW
def test_command(row: Row, scene_on: SceneOn) -> None:
    scene = scene_on(row.ground)
    row.begin(scene)

    with _ending():
        ended = scene.run(*row.command)

    told = ended.stdout + ended.stderr
    assert [words for words in row.says if words not in told] == [], told[:2000]
    assert ended.code == row.code, told[:2000]
    assert "Traceback" not in told


@EVERY_ROW
async def test_monitor(row: Row, scene_on: SceneOn) -> None:
    scene = scene_on(row.ground)
    options = MonitorOptions(period_s=PERIOD_S, server_home=scene.folder / "home")
    session = LiveSession(scene.client(), PERIOD_S)
    async with (
        seated(TsmonApp(session, options), size=(140, 30), patience_s=PATIENCE_S) as seat,
        watched() as delays,
    ):
        await seat.sees(*SERVES)
        before = seat.text
        delays.stall = 0.0
        row.begin(scene)
        if row.is_harmless:
            await _ticks(seat, TICKS)
        await seat.sees(*row.shows)
        await try_keys(seat, delays)
        row.end(scene)
        delays.keep(row.id)
        await _recovers(seat, scene, row, before)
    assert delays.usual < LONGEST_S
    assert delays.stall < LONGEST_S


@contextmanager
def _ending() -> Iterator[None]:
    """Let nothing in here go on for ever."""

    def give_up(number: int, frame: FrameType | None) -> None:
        raise AssertionError(f"it has not ended within {PATIENCE_S:g} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


async def _ticks(seat: Seat, number: int) -> None:
    """Wait for some looks at the server that begin from now on."""
    for _ in range(number + 1):  # the first may have begun before
        await _tick(seat)


async def _tick(seat: Seat) -> None:
    shown = seat.monitor.snapshot
    await seat.until(lambda: seat.monitor.snapshot is not shown)


async def _recovers(seat: Seat, scene: Scene, row: Row, before: str) -> None:
    """What was to be seen of the fault leaves the screen, and the server is up."""
    news = [words for words in row.shows if words not in before]
    assert bool(news) is not row.is_harmless
    await seat.sees("● up")
    if not row.stays:
        await seat.until(lambda: not any(words in _present(seat) for words in news))
        await seat.sees(*SERVES)


def _present(seat: Seat) -> str:
    """The screen without its events, which stay."""
    lines = seat.text.splitlines()
    story = seat.monitor.story.region
    for row in range(story.y, min(story.bottom, len(lines))):
        lines[row] = lines[row][: story.x] + lines[row][story.right :]
    return "\n".join(lines)
