"""Changing the number of workers."""

from __future__ import annotations

import httpx

from tests.fake import FakeTorchServe, Loading
from tests.tui.seat import watching
from tsmon.torchserve.rollout import Outcome
from tsmon.tui.app.app import MonitorOptions
from tsmon.tui.screens.scale import ScaleDialog


def scalings(fake: FakeTorchServe) -> list[str]:
    return [r.url.params["min_worker"] for r in fake.requests if r.method == "PUT"]


async def test_quick_presses_add_up_to_one_request(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("1/1 ready")
        for _ in range(3):
            seat.monitor.action_do("workers.more")
        await seat.sees("4/4 ready", "✓ 4/4 ready")
        assert scalings(fake) == ["4"]
        await seat.press("minus")
        await seat.sees("3/3 ready")


async def test_a_change_while_another_is_under_way_takes_over(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    fake.version("mnist").archive.loading = Loading.HELD
    async with watching(fake, options) as seat:
        await seat.sees("1/1 ready")
        await seat.press("plus")
        await seat.sees("◌ 1/2", "◌ starting")
        await seat.press("plus")
        await seat.until(lambda: scalings(fake) == ["2", "3"])
        await seat.sees("1/3 ready")
        fake.release("mnist")
        await seat.sees("3/3 ready", "✓")


async def test_the_dialog_says_what_will_happen(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("1/1 ready")
        await seat.press("s")
        await seat.until(lambda: isinstance(seat.app.screen, ScaleDialog))
        await seat.write("900")
        await seat.sees("change    1 → 900", "more workers than that make it slower")
        await seat.write("2")
        await seat.sees(
            "change    1 → 2",
            "PUT       /models/mnist/1.0",
            "?min_worker=2&max_worker=2&synchronous=false",
            "loads the model first",
        )
        await seat.write("0")
        await seat.sees("every request gets a 503")
        await seat.write("2")
        await seat.press("enter")
        await seat.sees("2/2 ready")


async def test_the_dialog_wants_a_number(fake: FakeTorchServe, options: MonitorOptions) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("1/1 ready")
        await seat.press("s")
        await seat.until(lambda: isinstance(seat.app.screen, ScaleDialog))
        await seat.press("backspace", "enter")
        await seat.sees("how many workers?")
        await seat.press("escape")
        await seat.sees("1/1 ready")
        assert not scalings(fake)


async def test_a_refused_change_is_told_in_the_pane(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("1/1 ready")
        watched = seat.monitor.session.monitor
        watched.period_s = 3600  # no tick may find out first
        await seat.until(lambda: watched.latest.next_poll_s == 3600)
        key = seat.monitor.selected
        assert key is not None
        fake.fail("/models/mnist/1.0", httpx.Response(500, text="no more workers"))
        await seat.press("plus")
        await seat.sees("✗ no more workers")
        rollout = seat.monitor.rollouts.of(key)
        assert rollout is not None
        assert rollout.progress is not None
        assert rollout.progress.outcome is Outcome.FAILED


async def test_a_crashed_worker_is_retrying(fake: FakeTorchServe, options: MonitorOptions) -> None:
    fake.load("mnist", workers=2)
    async with watching(fake, options) as seat:
        await seat.sees("2/2 ready")
        fake.crash("mnist")
        await seat.sees("✗ retrying", "0/2 ready")
        fake.release("mnist")
        await seat.sees("2/2 ready", "● ready")


async def test_the_buttons_of_the_pane_can_be_clicked(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist")
    async with watching(fake, options) as seat:
        await seat.sees("1/1 ready")
        line = next(line for line in seat.text.splitlines() if "[+]" in line)
        row = seat.text.splitlines().index(line)
        await seat.pilot.click(offset=(line.index("[+]") + 1, row))
        await seat.sees("2/2 ready")


async def test_what_is_wrong_takes_the_rows_that_the_workers_leave(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("speech", loading=Loading.DIES)
    async with watching(fake, options, size=(120, 30)) as seat:
        await seat.sees("retrying: not ready for", "(inferred: its pid changed)")
        pane = seat.monitor.workers_pane
        assert pane.query_one("#workers-failure").size.height == 2
        assert pane.table.size.height > 1


async def test_gpu_of_a_worker_stands_beside_it(
    fake: FakeTorchServe, options: MonitorOptions
) -> None:
    fake.load("mnist", workers=2)
    fake.version("mnist").workers[0].gpu_usage = (
        "gpuId::1 utilization.gpu [%]::35 % utilization.memory [%]::12 % "
        "memory.used [MiB]::18950 MiB"
    )
    async with watching(fake, options, size=(80, 24)) as seat:
        await seat.sees("mnist")
        await seat.press("2", "z")
        await seat.sees("1 35% 18.5 GiB", " GPU")
        fake.version("mnist").workers[0].gpu_usage = ""
        await seat.misses(" GPU")
