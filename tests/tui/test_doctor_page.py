"""The doctor's page on the fake server."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fake import FakeTorchServe
from tests.tui.seat import seated, watching
from tests.tui.test_looking_back import recording
from tsmon.telemetry.recording.reader import Recording
from tsmon.tui import keymap
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.state.session import ReplaySession
from tsmon.tui.widgets.motion import Choices

__all__ = ["recording"]


async def test_findings_are_grouped_the_worst_first_and_told_as_a_whole(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    fake.crash("mnist")
    async with watching(fake, options, size=(140, 40)) as seat:
        await seat.sees("mnist")
        await seat.press("H")
        await seat.sees("✗ error", "mnist 1.0: worker 9000", "ok", "not checked")
        text = seat.text
        assert text.index("✗ error  ") < text.index("✓ ok  ")
        await seat.press("enter")
        await seat.sees("Evidence:", "Checked:", "esc closes")
        await seat.press("escape")
        await seat.misses("Checked:")
        await seat.press("v")
        await seat.misses("✓ ok  ")


async def test_the_remedy_is_copied(fake: FakeTorchServe, options: MonitorOptions) -> None:
    fake.load("mnist")
    fake.crash("mnist")
    async with watching(fake, options, size=(140, 40)) as seat:
        await seat.press("H")
        await seat.sees("worker 9000", "→")
        await seat.press("y")
        await seat.sees("copied")
        remedy = seat.app.clipboard
        assert remedy
        assert f"→ {remedy[:40]}" in seat.text


async def test_a_remedy_is_folded_and_never_cut_off(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    fake.crash("mnist")
    async with watching(fake, options, size=(60, 20)) as seat:
        await seat.press("H")
        await seat.sees("worker 9000", "→")
        listed = seat.find(Choices, "#findings")
        lines = [row for option in listed.options for row in str(option.prompt).splitlines()]
        await seat.press("y")
        await seat.sees("copied")
        assert seat.app.clipboard in " ".join(" ".join(lines).split())
        assert max(map(len, lines)) <= listed.content_size.width


async def test_it_says_how_it_goes_while_the_monitor_goes_on(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(fake, options, size=(140, 40)) as seat:
        hold = fake.hold("/ping")
        await seat.press("H")
        await seat.sees("◌ querying 127.0.0.1:8081, examining this machine…", "not checked yet")
        before = seat.monitor.session.monitor.latest
        await seat.until(lambda: seat.monitor.session.monitor.latest is not before)
        hold.release()
        await seat.sees("✓ ok  ")
        await seat.misses("◌ asking")


async def test_it_is_run_again(fake: FakeTorchServe, options: MonitorOptions) -> None:
    fake.load("mnist")
    async with watching(fake, options, size=(140, 40)) as seat:
        await seat.press("H")
        await seat.sees("✓ ok")
        assert "worker 9000" not in seat.text
        fake.crash("mnist")
        await seat.press("r")
        await seat.sees("mnist 1.0: worker 9000")


async def test_a_recording_has_nothing_to_examine(recording: Path) -> None:
    async with seated(TsmonApp(ReplaySession(Recording(recording)))) as seat:
        await seat.press("H")
        await seat.sees("this is a recording", "tsmon --server URL")
        await seat.press("escape", "Q")
        await seat.sees("but no single requests")
        await seat.press("escape", "l")
        await seat.sees("but not the log files")


@pytest.mark.parametrize("keys", [keymap.LOG_KEYS, keymap.REQUEST_KEYS, keymap.DOCTOR_KEYS])
def test_no_key_of_a_page_is_used_twice(keys: tuple[keymap.Key, ...]) -> None:
    names = [name for key in (*keys, *keymap.PAGE_SHARED_KEYS) for name in key.keys.split(",")]
    assert len(names) == len(set(names))
