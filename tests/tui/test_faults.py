"""What is left when something of tsmon's own breaks."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.widgets import Static

from tests.fake import FakeTorchServe
from tests.tui.seat import Seat, seated, watching
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.recording.reader import Recording
from tsmon.telemetry.recording.recorder import RecordedSource
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.screens.copy_choice import CopyChoice
from tsmon.tui.screens.events import Events
from tsmon.tui.screens.help import Help
from tsmon.tui.state.session import LiveSession
from tsmon.tui.text.notes import Note


class Broken(Exception):
    """A fault of ours."""


def fail(*_: Any) -> None:
    raise Broken("a [bold]fault[/]\x1b[2J")


async def fail_later() -> None:
    fail()


@pytest.fixture
def in_use(
    options: MonitorOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> MonitorOptions:
    """As for a person: reports are kept, and the monitor goes on."""
    monkeypatch.setattr(TsmonApp, "ISOLATES", True)
    return replace(options, crash_folder=tmp_path / "crashes")


def reports(options: MonitorOptions) -> list[str]:
    assert options.crash_folder is not None
    return [file.read_text() for file in options.crash_folder.glob("*.txt")]


async def sees_it_go_on(seat: Seat, options: MonitorOptions) -> None:
    """The fault is told and kept, and the monitor answers."""
    await seat.until(lambda: seat.app.screen is seat.monitor)
    await seat.sees("an internal error in tsmon", "Broken:", "[bold]fault[/]\\x1b[2J")
    assert ["fail" in report and "Broken" in report for report in reports(options)] == [True]
    ticks = len(seat.app.session.monitor.past)
    await seat.until(lambda: len(seat.app.session.monitor.past) > ticks)
    await seat.press("question_mark")
    await seat.until(lambda: isinstance(seat.app.screen, Help))


async def test_a_page_with_a_key_that_breaks_closes(
    fake: FakeTorchServe, in_use: MonitorOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Events, "action_bad", fail)
    async with watching(fake, in_use) as seat:
        await seat.press("e")
        await seat.until(lambda: isinstance(seat.app.screen, Events))
        await seat.press("v")
        await sees_it_go_on(seat, in_use)


async def test_a_key_of_the_monitor_that_breaks_is_told(
    fake: FakeTorchServe, in_use: MonitorOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TsmonApp, "action_symbols", fail)
    async with watching(fake, in_use) as seat:
        await seat.press("g")
        await sees_it_go_on(seat, in_use)


async def test_a_page_that_breaks_closes_and_the_monitor_goes_on(
    fake: FakeTorchServe, in_use: MonitorOptions
) -> None:
    async with watching(fake, in_use) as seat:
        await seat.press("e")
        await seat.until(lambda: isinstance(seat.app.screen, Events))
        page = seat.app.screen
        await seat.pilot.pause()
        page.call_later(fail)
        while seat.app.screen is page:  # noqa: ASYNC110 (the pilot would wait for what is broken)
            await asyncio.sleep(0.01)
        await sees_it_go_on(seat, in_use)


@pytest.mark.parametrize("method", ["compose", "on_mount"])
async def test_a_page_that_cannot_even_open_closes(
    fake: FakeTorchServe, in_use: MonitorOptions, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setattr(Events, method, fail)
    async with watching(fake, in_use) as seat:
        await seat.press("e")
        await sees_it_go_on(seat, in_use)


async def test_a_page_whose_work_breaks_closes(
    fake: FakeTorchServe, in_use: MonitorOptions
) -> None:
    async with watching(fake, in_use) as seat:
        await seat.press("e")
        await seat.until(lambda: isinstance(seat.app.screen, Events))
        seat.app.screen.run_worker(fail_later())
        await sees_it_go_on(seat, in_use)


async def test_a_widget_of_a_page_that_cannot_be_drawn_closes_the_page(
    fake: FakeTorchServe, in_use: MonitorOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watching(fake, in_use) as seat:
        await seat.press("question_mark")
        await seat.until(lambda: isinstance(seat.app.screen, Help))
        monkeypatch.setattr(Static, "render", fail)
        seat.find(Static, "#help-keys").refresh(layout=True)
        await seat.until(lambda: seat.app.screen is seat.monitor)
        monkeypatch.undo()


async def test_work_of_the_monitor_that_breaks_is_told(
    fake: FakeTorchServe, in_use: MonitorOptions
) -> None:
    async with watching(fake, in_use) as seat:
        seat.monitor.talk.do(fail_later())
        await sees_it_go_on(seat, in_use)


async def test_the_monitor_itself_ends_with_a_report_and_a_whole_recording(
    fake: FakeTorchServe, in_use: MonitorOptions, tmp_path: Path, capsys: Any
) -> None:
    fake.load("mnist")
    file = tmp_path / "seen.db"
    client = fake.client()
    recorded = RecordedSource(LiveSource(client), file)
    with pytest.raises(Broken):
        async with seated(TsmonApp(LiveSession(client, 0.2, recorded), in_use)) as seat:
            await seat.until(lambda: len(seat.app.session.monitor.past) > 2)
            seat.monitor.call_later(fail)
            await seat.until(lambda: not seat.app.is_running)
    recorded.close()
    assert "please report it" in capsys.readouterr().err.replace("\n", " ")
    assert len(reports(in_use)) == 1
    recording = Recording(file)
    assert len(recording.ticks) > 2
    recording.close()


async def test_a_list_of_copies_that_is_answered_twice_closes_once(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("mnist")
        await seat.press("y")
        await seat.until(lambda: isinstance(seat.app.screen, CopyChoice))
        screen = seat.app.screen
        assert isinstance(screen, CopyChoice)
        screen.dismiss(None)
        screen.dismiss(None)
        assert seat.app.screen is seat.monitor
        seat.monitor.talk.note(Note("still here"))
        await seat.sees("still here")
