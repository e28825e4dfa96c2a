"""What the monitor shows of models that cannot be read, and of a server that hangs."""

from __future__ import annotations

import httpx
import pytest

from tests.fake import FakeTorchServe
from tests.fake.bad_models import ODD, UNREADABLE
from tests.tui.seat import watching
from tsmon.telemetry import staleness as freshness
from tsmon.tui.screens.register import RegisterDialog
from tsmon.tui.state import rollouts


@pytest.fixture
def server() -> FakeTorchServe:
    fake = FakeTorchServe()
    for name in ("bad", "good"):
        fake.load(name)
    return fake


@pytest.mark.parametrize("what", ["fails", "has huge minWorkers", "is deep"])
async def test_a_model_that_cannot_be_read_is_a_row_and_the_panes_say_why(
    server: FakeTorchServe, what: str
) -> None:
    server.fail("/models/bad", UNREADABLE[what])
    async with watching(server) as seat:
        await seat.sees("? unread", "workers not known", "● 1/1")


async def test_a_size_that_no_memory_has_is_named_and_ends_nothing(server: FakeTorchServe) -> None:
    server.fail("/models/bad", ODD["huge memory"])
    async with watching(server) as seat:
        await seat.sees("memoryUsage", "● 1/1")
        await seat.press("enter")  # in depth
        await seat.sees("esc all models")


async def test_what_can_be_done_for_a_name_without_an_address_is_said(
    server: FakeTorchServe,
) -> None:
    server.load("a/b")
    async with watching(server) as seat:
        await seat.sees("a/b", "? unread")
        await seat.press("plus")
        await seat.sees("contains a slash")


async def test_lines_of_the_metrics_that_cannot_be_read_are_counted(server: FakeTorchServe) -> None:
    text = server.counters.text("prometheus") + "this is {no metric\n"
    server.fail("/metrics", httpx.Response(200, text=text))
    async with watching(server) as seat:
        await seat.sees("1 metric line unreadable")


async def test_a_poll_that_hangs_is_no_green_up(
    server: FakeTorchServe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freshness, "SHORTEST_PERIOD_S", 0.1)
    async with watching(server) as seat:
        await seat.sees("● up")
        hold = server.hold("/models")
        await hold.arrival()
        await seat.sees("◐ stale", "nothing new since")
        await seat.misses("● up")
        hold.release()
        await seat.sees("● up")


async def test_a_change_that_the_server_does_not_take_is_let_go_of_by_esc(
    server: FakeTorchServe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollouts, "LONG_S", 0.1)
    async with watching(server) as seat:
        await seat.sees("● 1/1")
        hold = server.hold("/models/bad/1.0")
        await seat.press("plus")
        await hold.arrival()
        await seat.sees("esc stops")
        await seat.press("escape")
        await seat.sees("no longer waiting for")
        hold.release()
        await seat.sees("● 2/2")  # the server did it all the same, and that is seen


async def test_a_dialog_whose_change_hangs_is_left_by_esc_and_says_what_may_still_come(
    server: FakeTorchServe,
) -> None:
    async with watching(server) as seat:
        await seat.sees("● 1/1")
        hold = server.hold("/models")
        await seat.press("r")
        await seat.until(lambda: isinstance(seat.app.screen, RegisterDialog))
        await seat.until(lambda: seat.app.focused is not None)
        await seat.write("mnist.mar")
        await seat.press("enter")
        await seat.sees("esc stops waiting")
        await seat.press("escape")
        await seat.sees("the server may still do it")
        assert seat.app.screen is seat.monitor
        hold.release()
