"""The lanes of the workers."""

from __future__ import annotations

from pathlib import Path

from tests.fake import FakeTorchServe
from tests.tui.seat import seated, watching
from tests.tui.test_looking_back import recording
from tsmon.telemetry.recording.reader import Recording
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.screens.timeline import Timeline
from tsmon.tui.state.session import ReplaySession
from tsmon.tui.widgets.lanes_view import LanesView

__all__ = ["recording"]


async def test_a_death_and_a_new_process_are_on_the_lane(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", workers=2)
    fake.load("other")
    async with watching(fake, options, size=(80, 24)) as seat:
        await seat.sees("● 2/2")
        fake.crash("mnist")
        await seat.sees("✗ retrying")
        await seat.press("J")
        await seat.until(lambda: isinstance(seat.app.screen, Timeline))
        await seat.sees("mnist 1.0", "9000", "9001", "other 1.0", "9002", "│", "now", "· idle")
        await seat.until(lambda: "✗" in lane(seat.text, "9000"))
        assert "✗" not in lane(seat.text, "9002")
        fake.release("mnist")
        await seat.sees("worker 9000  ● ready", "new process")
        await seat.press("down")
        await seat.sees("worker 9001")
        await seat.press("w")
        await seat.misses("other 1.0")


async def test_the_cursor_of_the_past_moves_and_the_words_are_of_that_moment(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● ready")
        fake.crash("mnist")
        await seat.sees("✗ retrying")
        await seat.press("J")
        await seat.sees("worker 9000  ✗ retrying")
        await seat.press("left_curly_bracket", "left_square_bracket")
        await seat.sees("worker 9000  ● ready", "at ")
        assert seat.monitor.session.playhead.held
        await seat.press("p")
        await seat.sees("worker 9000  ✗ retrying")


async def test_lanes_of_a_recording(recording: Path) -> None:
    app = TsmonApp(ReplaySession(Recording(recording)), MonitorOptions())
    async with seated(app) as seat:
        await seat.press("p", "at")
        await seat.until(lambda: seat.app.focused is not None)
        seat.monitor.past.look_at_age(0.0)
        await seat.press("escape", "J")
        await seat.until(lambda: isinstance(seat.app.screen, Timeline))
        await seat.press(*["right_curly_bracket"] * 2)
        await seat.sees("9000", "worker 9000")
        assert seat.find(LanesView).worker == "9000"


def lane(text: str, worker: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f" {worker}"))


async def test_a_name_with_orders_to_the_terminal_is_shown_as_it_is_elsewhere(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("e\x1b[31mvil")
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees(r"e\x1b[31mvil")
        await seat.press("J")
        await seat.until(lambda: isinstance(seat.app.screen, Timeline))
        await seat.sees(r"e\x1b[31mvil 1.0", "mnist 1.0")
