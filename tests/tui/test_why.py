"""The page why?: what is wrong, its cause, the lines of the log that decide, and a fix."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from pathlib import Path

from msgspec.structs import replace

from tests.fake import FakeTorchServe, Loading
from tests.tui.log_seat import reading, write
from tests.tui.seat import seated, watching
from tests.unit.telemetry.log_page.lines import access, printed, traceback
from tsmon.logs.lines import WorkerThread
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.logs.causes import Cause
from tsmon.telemetry.logs.known_exceptions import CauseKind
from tsmon.telemetry.logs.worker_events import Phase
from tsmon.telemetry.logs.worker_states import WorkerState
from tsmon.telemetry.recording.reader import Recording
from tsmon.telemetry.recording.writer import Writer
from tsmon.telemetry.snapshot import ModelKey
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.screens.confirm import Confirm
from tsmon.tui.screens.events import Events
from tsmon.tui.screens.logs import Logs
from tsmon.tui.screens.why import NOTHING_WRONG, Why
from tsmon.tui.state.session import ReplaySession


async def test_what_fails_is_explained_and_what_is_missing_is_said(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("speech", loading=Loading.DIES)
    async with watching(fake, options, size=(80, 24)) as seat:
        await seat.sees("✗ retrying", "Y why?")
        await seat.press("Y")
        await seat.sees("Why?", "✗ retrying  not ready for", "Workers", "restarts its workers")
        await seat.sees("Log", "--logs DIR")
        await seat.press("y")
        assert "Fixes\nW (enter)  restarts its workers" in seat.app.clipboard


async def test_enter_does_the_first_fix_after_its_question(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    fake.load("speech", loading=Loading.DIES)
    async with watching(fake, options) as seat:
        await seat.sees("✗ retrying")
        assert str(seat.monitor.selected) == "mnist 1.0"
        await seat.press("Y")
        await seat.sees("Why?", "speech 1.0", "Fixes")
        await seat.press("enter")
        await seat.until(lambda: isinstance(seat.app.screen, Confirm))
        await seat.sees("Restart all workers of speech 1.0")
        assert str(seat.monitor.selected) == "speech 1.0"


async def test_another_fix_is_done_by_its_own_key(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("speech", loading=Loading.DIES)
    async with watching(fake, options) as seat:
        await seat.sees("✗ retrying")
        await seat.press("Y")
        await seat.sees("Fixes")
        await seat.press("plus")  # no fix for this
        assert isinstance(seat.app.screen, Why)
        await seat.press("u")
        await seat.sees("Unregister speech 1.0?")
    assert not fake.sent("PUT")


async def test_all_is_well(fake: FakeTorchServe, options: MonitorOptions) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● ready")
        await seat.press("Y")
        await seat.sees(NOTHING_WRONG)


async def test_read_only_shows_all_but_the_fixes(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("speech", loading=Loading.DIES)
    async with watching(fake, options, read_only=True) as seat:
        await seat.sees("✗ retrying")
        await seat.press("Y")
        await seat.sees("read-only: nothing can be changed here")
        await seat.press("enter", "W")
        assert isinstance(seat.app.screen, Why)


async def test_one_turns_from_problem_to_problem(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("first", loading=Loading.DIES)
    fake.load("second", loading=Loading.DIES)
    async with watching(fake, options) as seat:
        await seat.sees("✗ retrying")
        await seat.press("Y")
        await seat.sees("first 1.0", "1 of 2")
        await seat.press("n")
        await seat.sees("second 1.0", "2 of 2")
        await seat.press("n")
        await seat.sees("first 1.0", "1 of 2")


async def test_a_server_that_is_away_is_the_only_problem(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("speech", loading=Loading.DIES)
    async with watching(fake, options) as seat:
        await seat.sees("✗ retrying")
        fake.kill()
        await seat.sees("✗ away")
        await seat.press("Y")
        await seat.sees("✗ away", "Cause", "starts a server on this machine")
        await seat.misses("1 of")


async def test_an_event_is_explained_by_how_it_was_then(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● ready")
        fake.crash("mnist")
        await seat.sees("✗ retrying")
        fake.release("mnist")
        await seat.sees("● 1/1")
        await seat.press("e")
        await seat.until(lambda: isinstance(seat.app.screen, Events))
        await seat.sees("worker died")
        await seat.press("end", "Y")
        await seat.sees("Why?", "worker died", "✗ retrying")


async def test_the_log_shows_the_lines_that_decide_with_tracebacks_folded(
    fake: FakeTorchServe, options: MonitorOptions, tmp_path: Path
) -> None:
    fake.load("mnist")
    write(tmp_path / "logs", [printed(1, "nothing"), *traceback(2), access(3, 200)])
    async with reading(fake, options, tmp_path / "logs", size=(120, 45)) as seat:
        await seat.sees("● ready")
        fake.crash("mnist")
        await seat.sees("✗ retrying")
        await seat.press("Y")
        await seat.sees("12:00:02,000 KeyError: 'body'  +", " lines")
        assert "nothing" not in seat.text
        await seat.press("E")
        await seat.misses("KeyError: 'body'  +")
        await seat.press("l")
        await seat.until(lambda: isinstance(seat.app.screen, Logs))


async def test_a_recording_is_explained_without_fixes(fake: FakeTorchServe, tmp_path: Path) -> None:
    fake.load("speech", loading=Loading.DIES)
    words = ("Traceback (most recent call last):", *["  a frame"] * 9, "ValueError: no")
    died = Cause(
        *(CauseKind.HANDLER_RAISED, "ValueError: no", words, "Fix it", "9000", "speech", "1.0"),
        datetime(2026, 11, 22, 12),
    )
    file = tmp_path / "server.tsmon"
    async with fake.client() as client:
        seen = await LiveSource(client).observe(None)
    dead = WorkerState(WorkerThread("9000", "speech", "1.0"), Phase.STOPPED, deaths=3)
    with closing(Writer(file, "127.0.0.1:8081")) as writer:
        causes = {ModelKey("speech", "1.0"): died}
        writer.write(replace(seen, worker_states={"9000": dead}, causes=causes))
    async with seated(TsmonApp(ReplaySession(Recording(file))), size=(80, 40)) as seat:
        await seat.press("Y")
        await seat.sees("Why?", "ValueError: no", "→ Fix it", "… 7 lines above, E unfolds")
        await seat.sees("this is a recording: nothing can be changed here")
