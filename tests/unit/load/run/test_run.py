"""A run in its own process, as a screen or an experiment sees it."""

from __future__ import annotations

import asyncio
import signal
from asyncio.subprocess import Process
from pathlib import Path

import psutil
import pytest

from tests.fake.loopback import Loopback, on_loopback
from tsmon.digits.images import DigitImage
from tsmon.load.refusals import Failure
from tsmon.load.run import run as run_module
from tsmon.load.run.increment import StopReason
from tsmon.load.run.plan import RunPlan
from tsmon.load.run.run import SenderDied, complete_run, open_run
from tsmon.payloads.payload import PayloadError
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.errors import NotFound, TokenRefused, Unreachable
from tsmon.torchserve.tokens import KeyRing

Images = tuple[DigitImage, ...]


async def test_a_run_ends_with_a_report_of_every_request(
    client: TorchServe, images: Images
) -> None:
    plan = RunPlan(model="mnist", payloads=images, count=20, concurrency=2)

    report = await complete_run(client, plan)

    assert (report.sent, report.answered, report.ending) == (20, 20, StopReason.COUNT)
    assert report.right == {"0": 5, "1": 5}
    assert report.wrong == {"8": 5}


async def test_progress_shows_a_run_that_is_then_stopped(
    server: Loopback, client: TorchServe, images: Images
) -> None:
    hold = server.fake.hold("/predictions")
    plan = RunPlan(model="mnist", payloads=images, concurrency=3, duration_s=60)
    async with open_run(client, plan) as run:
        async for progress in run.progress():
            if progress.so_far.under_way == 3 and progress.so_far.ending is None:
                run.stop()
            if progress.so_far.ending is not None:
                hold.release()

    assert (run.report.sent, run.report.answered) == (3, 3)
    assert run.report.ending is StopReason.STOPPED
    assert progress.so_far == run.report


async def test_leaving_early_lets_the_process_end_by_itself(
    server: Loopback, client: TorchServe, images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed: list[int] = []

    def kill(process: Process) -> None:
        killed.append(process.pid)
        process.send_signal(signal.SIGKILL)

    monkeypatch.setattr(run_module, "EXIT_S", 30.0)  # a busy machine may take its time
    monkeypatch.setattr(Process, "kill", kill)
    plan = RunPlan(model="mnist", payloads=images, duration_s=600)
    async with open_run(client, plan) as run:
        await anext(run.progress())
        assert _senders()

    assert not _senders()
    assert not killed


async def test_a_sender_that_is_killed_is_told(client: TorchServe, images: Images) -> None:
    plan = RunPlan(model="mnist", payloads=images, duration_s=60)
    async with open_run(client, plan) as run:
        with pytest.raises(SenderDied, match="killed"):
            async for _ in run.progress():
                for sender in _senders():
                    sender.kill()


async def test_the_causes_of_a_503_are_told_apart(
    server: Loopback, client: TorchServe, images: Images, tmp_path: Path
) -> None:
    server.fake.load("idle", workers=0)
    report = await complete_run(client, RunPlan(model="idle", payloads=images, count=5))
    assert report.failures == {Failure.NO_WORKER: 5}

    (tmp_path / "x.png").write_bytes(b"x")  # at which the handler raises
    bad = (DigitImage(tmp_path / "x.png", None),)
    report = await complete_run(client, RunPlan(model="mnist", payloads=bad, count=5))
    assert report.failures == {Failure.HANDLER: 5}

    hold = server.fake.hold("/predictions")
    plan = RunPlan(model="mnist", payloads=images, count=40, concurrency=20)
    async with open_run(client, plan) as run:
        async for progress in run.progress():
            if progress.so_far.failed and progress.so_far.ending is not None:
                hold.release()
    assert run.report.failures.keys() == {Failure.QUEUE_FULL}
    assert run.report.answered + run.report.failed == 40


async def test_without_a_server_there_is_no_run(
    server: Loopback, client: TorchServe, images: Images
) -> None:
    server.die()
    with pytest.raises(Unreachable, match="connection refused"):
        await complete_run(client, RunPlan(model="mnist", payloads=images))


async def test_a_model_that_is_not_there_is_the_servers_own_error(
    client: TorchServe, images: Images
) -> None:
    with pytest.raises(NotFound, match="Model not found: unknown"):
        await complete_run(client, RunPlan(model="unknown", payloads=images))


async def test_the_inference_key_is_sent_and_a_refusal_of_it_explained(
    images: Images, tmp_path: Path
) -> None:
    async with on_loopback(key_file=tmp_path / "key_file.json") as locked:
        locked.fake.load("mnist")
        plan = RunPlan(model="mnist", payloads=images, count=5)
        async with locked.fake.client() as client:
            assert (await complete_run(client, plan)).answered == 5
        async with TorchServe(locked.fake.addresses, KeyRing()) as client:
            with pytest.raises(TokenRefused, match="it is missing"):
                await complete_run(client, plan)


async def test_images_that_cannot_be_read_are_told_and_the_others_sent(
    client: TorchServe, images: Images
) -> None:
    images[0].path.unlink()
    report = await complete_run(client, RunPlan(model="mnist", payloads=images, count=6))
    assert (report.answered, report.failures) == (6, {Failure.UNREADABLE: 1})
    assert "a.0.png" in report.examples[Failure.UNREADABLE]

    for image in images[1:]:
        image.path.unlink()
    with pytest.raises(PayloadError, match="cannot read"):
        await complete_run(client, RunPlan(model="mnist", payloads=images, count=6))


async def test_runs_go_on_side_by_side(client: TorchServe, images: Images) -> None:
    plan = RunPlan(model="mnist", payloads=images, count=10)

    reports = await asyncio.gather(complete_run(client, plan), complete_run(client, plan))

    assert [report.answered for report in reports] == [10, 10]


def _senders() -> list[psutil.Process]:
    children = psutil.Process().children()
    return [each for each in children if "tsmon.load.run.child" in each.cmdline()]
