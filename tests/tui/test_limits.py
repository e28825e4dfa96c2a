"""Limits in the monitor: on the row, with their reason, as events."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.fake import FakeTorchServe
from tests.tui.seat import PERIOD_S, Seat, seated, watching
from tsmon.config.changes import Origins
from tsmon.config.files import load
from tsmon.config.schema import Config, LimitSettings, NotifySettings
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.recording.reader import Recording
from tsmon.telemetry.recording.writer import Writer
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.commands.command_line import CommandLine
from tsmon.tui.state.session import ReplaySession

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def limited(limits: Mapping[str, LimitSettings]) -> MonitorOptions:
    return MonitorOptions(period_s=PERIOD_S, config=Config(limits=limits))


async def test_a_row_says_that_a_limit_is_exceeded_and_why(fake: FakeTorchServe) -> None:
    limits = {
        "few": LimitSettings(when="ready < 2", model="mnist"),
        "silent": LimitSettings(when="rate < 1/s for 1 h"),
    }
    fake.load("mnist", "1.0")
    async with watching(fake, limited(limits)) as seat:
        await seat.sees("! over limit")
        await seat.press("e")
        await seat.sees("limit exceeded", "few: ready 1 (ready < 2)")
        await seat.press("escape", "Y")
        await seat.sees("Limits", "exceeded for", "few: ready 1 (ready < 2)")


async def test_it_is_over_when_it_does_not_hold_any_more(fake: FakeTorchServe) -> None:
    limits = {"few": LimitSettings(when="ready < 2", clear="0.5 s")}
    fake.load("mnist", "1.0")
    async with watching(fake, limited(limits)) as seat:
        await seat.sees("! over limit")
        await seat.press("+")
        await seat.misses("! over limit")
        await seat.press("e")
        await seat.sees("limit cleared", "few: ready 2, exceeded for")


async def test_it_holds_on_a_screen_in_ascii_and_without_colours(fake: FakeTorchServe) -> None:
    fake.load("mnist", "1.0")
    async with watching(fake, limited({"few": LimitSettings(when="ready < 2")})) as seat:
        await seat.press("g", "g")
        await seat.sees("! over limit")


def noted(notify: NotifySettings) -> MonitorOptions:
    limits = {"few": LimitSettings(when="ready < 2")}
    return MonitorOptions(period_s=PERIOD_S, config=Config(limits=limits, notify=notify))


def written_by(seat: Seat, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What goes to the terminal past the screen, from now on."""
    written: list[str] = []
    monkeypatch.setattr(seat.app._driver, "write", written.append)
    return written


async def test_a_limit_is_shown_by_the_terminal_around(
    fake: FakeTorchServe, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = noted(NotifySettings(bell=True, desktop="osc9", events=("worker died",)))
    fake.load("mnist", "1.0")
    async with watching(fake, options) as seat:
        written = written_by(seat, monkeypatch)
        monkeypatch.setattr(seat.app, "bell", lambda: written.append("bell"))
        await seat.sees("! over limit")
        fake.crash("mnist")
        await seat.until(lambda: len(written) >= 2)

    assert written[0] == "bell"
    assert written[1].startswith("\x1b]9;tsmon: worker died: mnist 1.0 worker 9000, ")
    assert len(written) == 2


async def test_a_hostile_name_is_no_order_to_the_terminal(
    fake: FakeTorchServe, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watching(fake, noted(NotifySettings(desktop="osc777"))) as seat:
        written = written_by(seat, monkeypatch)
        fake.load("a;b\x07\x1b]52;c;eA==\x07\u202e", "1.0")
        await seat.until(lambda: written)

    inner = written[0].removeprefix("\x1b]777;notify;tsmon;").removesuffix("\a")
    assert inner.isprintable()
    assert ";" not in inner


async def test_a_read_only_session_runs_the_command(fake: FakeTorchServe, tmp_path: Path) -> None:
    script, got = tmp_path / "on_event.py", tmp_path / "got"
    script.write_text(f"import sys; open({str(got)!r}, 'w').write(sys.stdin.read())")
    fake.load("mnist", "1.0")
    options = noted(NotifySettings(exec=(sys.executable, str(script))))
    async with watching(fake, options, read_only=True) as seat:
        await seat.until(lambda: got.exists() and got.read_text())

    assert json.loads(got.read_text())["limit"]["name"] == "few"


async def test_a_command_that_fails_is_said_once(fake: FakeTorchServe) -> None:
    fake.load("mnist", "1.0")
    async with watching(fake, noted(NotifySettings(exec=("false",)))) as seat:
        await seat.sees("false: ended with exit code 1")


async def typed(seat: Seat, text: str) -> None:
    await seat.press("colon")
    await seat.until(lambda: isinstance(seat.app.screen, CommandLine) and seat.app.focused)
    await seat.write(text)
    await seat.press("enter")


def own_file(folder: Path) -> MonitorOptions:
    return MonitorOptions(period_s=PERIOD_S, origins=Origins(own=folder / "config.toml"))


async def test_a_limit_is_set_on_the_selected_model_and_saved(
    fake: FakeTorchServe, tmp_path: Path
) -> None:
    fake.load("mnist", "1.0")
    options = own_file(tmp_path)
    async with watching(fake, options, read_only=True) as seat:
        await typed(seat, "limit ready<2 for 0.4s")
        await seat.sees("! over limit")
        await seat.until(options.origins.own.is_file)
        await typed(seat, "limits")
        await seat.sees("Limits", "mnist 1.0", "exceeded for", "ready 1 (ready < 2 for 0.4 s)")

    limits = load(options.origins.own).config.limits
    assert limits == {
        "mnist-1-0-ready": LimitSettings(when="ready < 2 for 0.4 s", model="mnist/1.0")
    }


async def test_another_one_on_the_same_number_replaces_it_and_off_ends_it(
    fake: FakeTorchServe, tmp_path: Path
) -> None:
    fake.load("mnist", "1.0")
    options = own_file(tmp_path)
    async with watching(fake, options) as seat:
        await typed(seat, "limit mnist ready < 2")
        await seat.sees("! over limit")
        await typed(seat, "limit mnist ready < 1")
        await seat.misses("! over limit")
        await typed(seat, "limit mnist-ready off")
        await seat.sees("limit mnist-ready is off")
        await typed(seat, "limits")
        await seat.sees("no limits are set")

    assert load(options.origins.own).config.limits == {"mnist-ready": LimitSettings(model="mnist")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("limit p95 > 50", "p95 needs a unit"),
        ("limit mnist p95 > 50", "p95 needs a unit"),
        ("limit nist p95 > 50 ms", "no model is called nist"),
        ("limit slow off", "there is no limit slow"),
    ],
)
async def test_what_is_no_limit_is_said_where_it_was_typed(
    fake: FakeTorchServe, tmp_path: Path, text: str, said: str
) -> None:
    fake.load("mnist", "1.0")
    async with watching(fake, own_file(tmp_path)) as seat:
        await typed(seat, text)
        await seat.sees(said)
    assert not (tmp_path / "config.toml").exists()


async def test_a_recording_shows_at_each_moment_what_was_exceeded_then(tmp_path: Path) -> None:
    file = tmp_path / "server.tsmon"
    fake = FakeTorchServe()
    fake.load("mnist", "1.0")
    with closing(Writer(file, "local")) as writer:
        async with fake.client() as client:
            source = LiveSource(client)
            for tick in range(12):
                if tick == 6:
                    await client.management.scale("mnist", 2, version="1.0")
                observation = await source.observe(None)
                at = Instant(1000.0 + tick, NOON + timedelta(seconds=tick))
                writer.write(replace(observation, at=at))
    limits = {"many": LimitSettings(when="ready > 1 for 2 s")}
    options = MonitorOptions(config=Config(limits=limits))

    async with seated(TsmonApp(ReplaySession(Recording(file)), options)) as seat:
        session = seat.app.session
        found = session.monitor.events
        await seat.until(lambda: any(each.limit is not None for each in found.events))
        await seat.press("at")
        await seat.write(f"{NOON.astimezone() + timedelta(seconds=9):%Y-%m-%d %H:%M:%S}")
        await seat.press("enter")
        await seat.sees("! over limit")
        exceeded = [bool(session.past[tick].models[0].exceeded) for tick in range(12)]

    assert exceeded == [False] * 8 + [True] * 4
