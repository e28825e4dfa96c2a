"""Only the present of the server that is shown can be acted on, whatever asks for it.

The actions are those of the key table that change a server or send to it, so that the next one is
held to the same.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import httpx
import pytest
from textual.widgets import Input

from tests.fake import FakeTorchServe
from tests.tui.seat import PERIOD_S, Seat, seated, watching
from tests.tui.test_command_line import command
from tsmon.telemetry.live import LiveSource
from tsmon.telemetry.recording.reader import Recording
from tsmon.telemetry.recording.writer import Writer
from tsmon.telemetry.snapshot import ServerState
from tsmon.tui import keymap
from tsmon.tui.app.app import MonitorOptions, TsmonApp
from tsmon.tui.commands.table import COMMANDS
from tsmon.tui.screens.confirm import Confirm
from tsmon.tui.state.risk import is_busy
from tsmon.tui.state.session import LiveSession, ReplaySession

ACTING = [key.id for key in keymap.KEYS if key.acts]
CHANGING = [key.id for key in keymap.KEYS if key.changes and key.id != "server.renew-tokens"]
"""Servers without tokens have none to renew; `test_read_only` and `test_states` have some."""
COMMANDED = [each for each in COMMANDS if each.like in ACTING]
ONLY_READ = ("/metrics", "/models", "/api-description", "/ping")


def reached(fake: FakeTorchServe) -> list[str]:
    """The requests that change a server or send to a model.

    The monitor itself asks once per life whether models can be registered, by a POST without URL.
    """
    return [
        f"{request.method} {request.url}"
        for request in fake.requests
        if (request.method != "GET" and (request.method, request.url.query) != ("POST", b""))
        or not request.url.path.startswith(ONLY_READ)
    ]


async def every_way(seat: Seat, id_: str) -> None:
    """Ask for an action as a key, a command, the palette and the mouse do."""
    key = keymap.BY_ID[id_]
    for name in key.names:
        await seat.press(name)
    await command(seat, id_)
    await seat.press("escape")  # where the line stays open with what is wrong
    seat.monitor.action_do(id_)  # what a click runs, and the palette that was open before
    await seat.pilot.pause()


async def assert_refused(seat: Seat, fake: FakeTorchServe, id_: str, words: str) -> None:
    assert not seat.monitor.offers(id_)
    before = reached(fake)
    await every_way(seat, id_)
    assert seat.app.screen is seat.monitor, f"{id_} opened {seat.app.screen}"
    key = keymap.BY_ID[id_]
    await seat.until(lambda: any(key.label in note and words in note for note in notes(seat)))
    assert reached(fake) == before


def notes(seat: Seat) -> list[str]:
    return [note.message for note in seat.app._notifications]


@pytest.fixture
def serving(fake: FakeTorchServe) -> FakeTorchServe:
    fake.load("mnist", workers=2)
    fake.load("mnist", "2.0", workers=2)
    return fake


async def change_something(seat: Seat) -> None:
    """Have something to take back."""
    await seat.press("plus")
    await seat.sees("3/3 ready")
    await seat.until(lambda: seat.monitor.offers("model.undo"))


def test_what_acts_is_marked_in_the_table() -> None:
    assert {"workers.more", "model.undo", "digits.experiment", "model.replace"} <= {*CHANGING}
    assert {"digits.send", "digits.load", "digits.draw", "digits.pick"} <= {*ACTING}
    assert [each.name for each in COMMANDED] == ["scale"]


async def test_from_the_past_nothing_is_changed_or_sent(
    serving: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(serving, options) as seat:
        await seat.sees("2/2 ready")
        await change_something(seat)
        offered = list(filter(seat.monitor.offers, ACTING))
        await seat.press("p", "left_square_bracket")
        await seat.sees("PAUSED")
        for id_ in ACTING:
            await assert_refused(seat, serving, id_, "press p to go back to the present")
        await seat.press("space")  # marks a version: what acts on all of them is refused as well
        for id_ in ("workers.fewer", "workers.scale", "model.unregister"):
            await assert_refused(seat, serving, id_, "the screen shows the past")
        before = reached(serving)
        await command(seat, "scale 1")
        await seat.sees("the screen shows the past", "press p to go back to the present")
        await seat.press("escape", "p")
        await seat.misses("PAUSED")
        assert reached(serving) == before
        assert list(filter(seat.monitor.offers, ACTING)) == offered


async def test_a_screen_that_is_stale_changes_and_sends_nothing(
    serving: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(serving, options) as seat:
        await seat.sees("2/2 ready")
        await change_something(seat)
        serving.fail("/models", httpx.Response(500, text="out of order"))
        await seat.until(
            lambda: seat.monitor.session.monitor.latest.server.state is ServerState.FAILING
        )
        for id_ in ACTING:
            if not keymap.BY_ID[id_].without_answer:
                await assert_refused(seat, serving, id_, "the server does not answer")


async def test_an_answer_that_is_late_makes_the_screen_stale(
    serving: FakeTorchServe, options: MonitorOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tsmon.tui.monitor.presence.LEAST_LATE_S", 3 * PERIOD_S)
    async with watching(serving, options) as seat:
        await seat.sees("2/2 ready")
        serving.hold("/models")
        await seat.until(lambda: not seat.monitor.offers("workers.more"))
        await assert_refused(seat, serving, "workers.more", "its answer is overdue")


async def test_a_recording_changes_and_sends_nothing(
    serving: FakeTorchServe, tmp_path: Path
) -> None:
    file = tmp_path / "server.tsmon"
    async with serving.client() as client:
        with closing(Writer(file, "127.0.0.1:8081")) as writer:
            writer.write(await LiveSource(client).observe(None))
    session = ReplaySession(Recording(file))
    async with seated(TsmonApp(session)) as seat:
        await seat.sees("mnist", "RECORDING")
        for id_ in ACTING:
            await assert_refused(seat, serving, id_, "open the server itself")


@asynccontextmanager
async def switching(
    here: FakeTorchServe, options: MonitorOptions
) -> AsyncIterator[tuple[Seat, FakeTorchServe, Callable[[], None]]]:
    """A monitor, another server with the same models, and what turns the monitor to that one."""
    there = FakeTorchServe()
    there.load("mnist", workers=2)
    there.load("mnist", "2.0", workers=2)
    async with watching(here, options) as seat:

        def switch() -> None:
            seat.app.servers.open(LiveSession(there.client(), PERIOD_S))

        yield seat, there, switch


@pytest.mark.parametrize("id_", CHANGING)
async def test_a_server_that_is_switched_under_a_question_is_not_changed(
    serving: FakeTorchServe, options: MonitorOptions, id_: str
) -> None:
    async with switching(serving, options) as (seat, there, switch):
        await seat.sees("2/2 ready")
        serving.version("mnist", "1.0").queued = 4  # what may lose requests is asked about
        watched = seat.monitor.session.monitor
        await seat.until(lambda: is_busy(watched.latest.models[0]))
        if id_ in ("model.set-default", "model.unregister"):
            await seat.press("down")  # to the one that is not the default
        if id_ == "model.undo":
            await change_something(seat)
        before = reached(serving)
        seat.monitor.action_do(id_)
        if id_ != "workers.more":  # which is begun without a question
            await seat.until(lambda: seat.app.screen is not seat.monitor)
        switch()
        await seat.until(lambda: seat.monitor.snapshot and seat.monitor.snapshot.models)
        await seat.sees("2/2 ready")
        for _ in range(3):
            await seat.press("tab", "enter")
        if isinstance(seat.app.screen, Confirm) and isinstance(seat.app.focused, Input):
            pytest.fail("a question about the server before is still open")
        assert reached(there) == []
        assert reached(serving) == before


async def test_what_changed_meanwhile_is_said_and_asked_again(
    serving: FakeTorchServe, options: MonitorOptions
) -> None:
    serving.version("mnist", "1.0").queued = 4
    async with watching(serving, options) as seat:
        await seat.sees("2/2 ready")
        await seat.press("minus")
        await seat.sees("workers   2 → 1")
        somebody = serving.client()
        await somebody.management.scale("mnist", 4, version="1.0")
        before = reached(serving)
        await seat.until(lambda: seat.monitor.session.monitor.latest.models[0].wanted == 4)
        await seat.press("tab", "enter")
        await seat.sees(
            "workers   4 → 1", "nothing was changed: mnist 1.0 has 4 workers now, not 2"
        )
        assert reached(serving) == before
        await seat.press("tab", "enter")
        await seat.sees("1/1 ready")
        await somebody.close()


async def test_a_server_that_goes_away_under_a_question_is_not_changed(
    serving: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(serving, options) as seat:
        await seat.sees("2/2 ready")
        await seat.press("down", "u")
        await seat.sees("Unregister mnist 2.0?")
        serving.fail("/models", httpx.Response(500, text="out of order"))
        await seat.until(
            lambda: seat.monitor.session.monitor.latest.server.state is ServerState.FAILING
        )
        await seat.press("tab", "enter")
        await seat.sees("unregister is refused: the server does not answer")
        assert not serving.sent("DELETE")
