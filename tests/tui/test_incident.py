"""The card of an incident: replay file, summary and picture in one folder, without secrets."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

from tests.fake import FakeTorchServe, Loading
from tests.tui.seat import Seat, seated, watching
from tests.tui.test_looking_back import recording
from tsmon.telemetry import incident
from tsmon.telemetry.recording.reader import Recording
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.screens.incident import IncidentDialog
from tsmon.tui.screens.whole_text import WholeText
from tsmon.tui.state.session import ReplaySession

__all__ = ["recording"]


async def write_card(seat: Seat, cards: Path) -> Path:
    await seat.press("I")
    await seat.until(lambda: isinstance(seat.app.screen, IncidentDialog) and seat.app.focused)
    await seat.press("enter")
    await seat.until(lambda: isinstance(seat.app.screen, WholeText))
    (folder,) = cards.iterdir()  # noqa: ASYNC240
    await seat.press("y")
    assert seat.app.clipboard == str(folder)
    return folder


async def test_the_last_minutes_are_written_down_and_can_be_replayed(
    fake: FakeTorchServe, options: MonitorOptions, cards: Path
) -> None:
    fake.load("mnist")
    fake.load("speech", loading=Loading.DIES)
    async with watching(fake, options, read_only=True) as seat:
        await seat.sees("✗ retrying", "● 1/1")
        fake.crash("mnist")
        await seat.sees("✗ mnist 1.0 retrying")
        folder = await write_card(seat, cards)

    words = (folder / "summary.md").read_text()
    assert words.startswith("# ")
    assert "retrying and 1 more model on 127.0.0.1:8081" in words.splitlines()[0]
    assert "## mnist 1.0: retrying, since " in words
    assert "| ! worker died | mnist 1.0 worker 9000 |" in words
    assert "| mnist 1.0 | 1/1 → 0/1 |" in words
    assert "<svg" in (folder / "screen.svg").read_text()
    with closing(Recording(folder / "incident.tsmon")) as recorded:
        ticks = [observation for _, observation in recorded.observations()]
    assert len(ticks) > 1
    assert {entry.model.name for entry in ticks[-1].models} == {"mnist", "speech"}  # type: ignore[union-attr]
    assert {file.stat().st_mode & 0o077 for file in folder.iterdir()} == {0}


async def test_no_key_of_the_server_is_in_any_file(
    options: MonitorOptions, cards: Path, tmp_path: Path
) -> None:
    key_file = tmp_path / "key_file.json"
    fake = FakeTorchServe(key_file=key_file)
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● ready")
        folder = await write_card(seat, cards)
    keys = [each["key"] for each in json.loads(key_file.read_text()).values()]
    assert keys
    for file in folder.iterdir():
        assert not [key for key in keys if key.encode() in file.read_bytes()], file.name


async def test_a_part_of_a_recording_is_written_down(
    fake: FakeTorchServe, recording: Path, cards: Path
) -> None:
    app = TsmonApp(ReplaySession(Recording(recording)), MonitorOptions())
    async with seated(app) as seat:
        await seat.until(lambda: seat.monitor.session.playhead.held)
        await seat.press("p")
        folder = await write_card(seat, cards)
    with closing(Recording(folder / "incident.tsmon")) as recorded:
        assert recorded.ticks


async def test_a_folder_that_cannot_be_written_is_said_in_the_dialog(
    fake: FakeTorchServe, options: MonitorOptions, cards: Path
) -> None:
    cards.touch()  # noqa: ASYNC240
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("● ready")
        await seat.press("I")
        await seat.until(lambda: isinstance(seat.app.screen, IncidentDialog) and seat.app.focused)
        await seat.press("enter")
        await seat.sees("cannot write", "choose another folder")


def test_words_of_others_break_out_of_no_cell() -> None:
    assert incident._cell("a|b\n<script>`x`") == r"a\|b \<script\>\`x\`"
