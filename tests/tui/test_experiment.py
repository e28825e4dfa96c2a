"""Experiments by keyboard: the plan, the table as it fills, and the model afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.fake import FakeTorchServe
from tests.fake.loopback import on_loopback
from tests.tui.seat import Seat, watching
from tsmon.load.experiment.kept import load_results
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.screens.plan_experiment import PlanExperiment
from tsmon.tui.state.messages import SessionOpened
from tsmon.tui.state.session import LiveSession
from tsmon.tui.widgets.field import Field

WORKERS = 3


@pytest.fixture
async def listening() -> AsyncIterator[FakeTorchServe]:
    """A server that a process of its own can reach, with a model of three workers."""
    async with on_loopback() as loopback:
        loopback.fake.load("mnist", workers=WORKERS)
        yield loopback.fake


async def _plan(seat: Seat, **fields: str) -> None:
    """Open the dialog and fill it in."""
    await seat.sees("3/3", "10 images")
    await seat.press("x")
    await seat.until(lambda: isinstance(seat.app.screen, PlanExperiment))
    for name, text in ({"workers": "1,2", "batches": "3,2", "warm-up": "1"} | fields).items():
        seat.find(Field, f"#{name}").text = text


def _assert_as_before(server: FakeTorchServe) -> None:
    version = server.version("mnist")
    limits = (version.min_workers, len(version.workers), version.max_workers)
    assert limits == (WORKERS, WORKERS, WORKERS)
    assert version.settings.get("batch_size", 1) == 1


async def test_the_dialog_says_first_what_will_happen(
    listening: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(listening, options) as seat:
        await _plan(seat)
        await seat.sees(
            "3 → 1 → 2 → 3 workers",
            "batches of 3, 2",
            "the current workers are restored at the end",
        )
        seat.find(Field, "#workers").text = "1,zwei"
        await seat.sees("'1,zwei' is not a list of whole numbers")
        await seat.press("enter")
        await seat.sees("use the form 1,2,4")
        seat.find(Field, "#workers").text = "4"
        seat.find(Field, "#rate").text = "20"
        await seat.sees("20 requests/s for 10 s")
        await seat.press("escape")
        await seat.misses("experiment with")
        assert not listening.sent("PUT")


@pytest.mark.parametrize("size", [(80, 24), (120, 30), (160, 45)])
async def test_the_table_fills_and_the_result_stays_to_look_at(
    listening: FakeTorchServe, options: MonitorOptions, size: tuple[int, int], tmp_path: Path
) -> None:
    async with watching(listening, options, size=size) as seat:
        if size == (80, 24):  # one pane at a time
            await seat.press("4")
            await seat.sees("10 images")
            await seat.press("1")
            await seat.press("x")
        else:
            await seat.sees("10 images", "3/3")
            await seat.press("x")
        await seat.until(lambda: isinstance(seat.app.screen, PlanExperiment))
        seat.find(Field, "#workers").text = "1,4"
        seat.find(Field, "#warm-up").text = "0"
        await seat.press("enter")
        await seat.sees("mnist 1.0 is back to 3 workers", "saved in")
        await seat.sees(
            "INFER_MS", "5.00     0.50", "93.57 + 9.70", "88.31 + 0.87", "ms per request"
        )
        _assert_as_before(listening)

        (kept,) = load_results(listening.addresses.label, "mnist", home=options.server_home)
        assert [each.workers for each in kept.measurements] == [1, 4]
        await seat.press("y")
        assert "| 1 | 80 | 5.00 | 0.50 |" in seat.app.clipboard
        await seat.press("E")
        await seat.sees("Save the result")
        await seat.write(str(tmp_path / "result.svg"))
        await seat.press("enter")
        await seat.until((tmp_path / "result.svg").exists)
        await seat.until(lambda: seat.app.screen is seat.monitor)
        await seat.press("escape")
        await seat.misses("experiment with mnist")


async def test_esc_stops_it_and_restores_the_workers(
    listening: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(listening, options) as seat:
        await _plan(seat)
        hold = listening.hold("/predictions")
        await seat.press("enter")
        await hold.arrival()
        assert len(listening.version("mnist").workers) == 1
        await seat.sees("1 of 2: 1 worker", "esc stops and restores")
        await seat.press("escape")
        await seat.sees("stopped by you", "mnist 1.0 is back to 3 workers", "esc closes")
        _assert_as_before(listening)
        await seat.press("escape")
        await seat.misses("experiment with mnist")
        hold.release()


async def test_leaving_restores_the_workers_first(
    listening: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(listening, options) as seat:
        await _plan(seat)
        hold = listening.hold("/predictions")
        await seat.press("enter")
        await hold.arrival()
        assert len(listening.version("mnist").workers) == 1
        await seat.press("q")
        await seat.until(lambda: seat.app.return_code is not None or not seat.app.is_running)
        _assert_as_before(listening)
        hold.release()


async def test_closing_the_app_from_without_restores_the_workers_too(
    listening: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(listening, options) as seat:
        await _plan(seat)
        hold = listening.hold("/predictions")
        await seat.press("enter")
        await hold.arrival()
        assert len(listening.version("mnist").workers) == 1
    _assert_as_before(listening)
    hold.release()


async def test_an_error_is_told_with_how_the_model_was_left(
    listening: FakeTorchServe, options: MonitorOptions
) -> None:
    def break_down(body: bytes) -> int:
        refusal = httpx.Response(500, json={"code": 500, "type": "Broken", "message": "no luck"})
        listening.fail("/models/mnist/1.0", refusal, times=1)
        return 7

    listening.version("mnist").archive.digit = break_down
    async with watching(listening, options) as seat:
        await _plan(seat)
        await seat.press("enter")
        await seat.sees("500 Broken: no luck", "mnist 1.0 is back to 3 workers")
        _assert_as_before(listening)


async def test_registering_anew_is_asked_first(
    listening: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(listening, options) as seat:
        await _plan(seat, sizes="4")
        await seat.sees("registered again; you will be asked first")
        await seat.press("enter")
        await seat.sees("Register mnist 1.0 again", "it get a 404")
        await seat.press("enter")  # the answer is no unless one says yes
        await seat.until(lambda: seat.app.screen is seat.monitor)
        assert not listening.sent("DELETE")

        await _plan(seat, sizes="4")
        await seat.press("enter")
        await seat.sees("Register mnist 1.0 again")
        await seat.write("mnist")  # the only version: it stops serving meanwhile
        await seat.press("enter")
        await seat.sees("mnist 1.0 is back to 3 workers")
        assert listening.sent("DELETE")
        _assert_as_before(listening)


async def test_a_read_only_session_has_no_experiments(
    listening: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(listening, options, read_only=True) as seat:
        await seat.sees("3/3", "10 images")
        await seat.press("x")
        await seat.sees("read-only: experiment is refused")


async def test_nothing_else_changes_or_loads_the_server_meanwhile(
    listening: FakeTorchServe, options: MonitorOptions
) -> None:
    async with watching(listening, options) as seat:
        await _plan(seat)
        hold = listening.hold("/predictions")
        await seat.press("enter")
        await hold.arrival()
        await seat.sees("1 of 2: 1 worker")
        await seat.press("1", "plus")
        await seat.sees("worker is refused: an experiment is running", "5, then esc stops it")
        await seat.press("n")
        await seat.sees("send random is refused: an experiment is running")
        await seat.press("5", "escape")
        await seat.sees("mnist 1.0 is back to 3 workers")
        hold.release()
        await seat.press("1", "plus")
        await seat.until(lambda: len(listening.version("mnist").workers) == WORKERS + 1)


async def test_no_other_server_is_watched_meanwhile(
    listening: FakeTorchServe, options: MonitorOptions
) -> None:
    other = FakeTorchServe()
    async with watching(listening, options) as seat:
        await _plan(seat)
        hold = listening.hold("/predictions")
        await seat.press("enter")
        await hold.arrival()
        seat.app.post_message(SessionOpened(LiveSession(other.client(), 0.2)))
        await seat.sees("an experiment is running", "stop it first")
        assert seat.app.session.client.addresses == listening.addresses
        hold.release()
