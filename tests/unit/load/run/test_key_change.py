"""A key that changes in the middle of a run costs no request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.fake.loopback import Loopback, on_loopback
from tsmon.digits.images import DigitImage
from tsmon.load.refusals import Failure
from tsmon.load.run.increment import StopReason
from tsmon.load.run.plan import RunPlan
from tsmon.load.run.requests import ReadyRequest
from tsmon.load.run.run import complete_run, open_run
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.errors import TokenRefused
from tsmon.torchserve.tokens import KeyRing

Images = tuple[DigitImage, ...]


@pytest.fixture
async def locked(tmp_path: Path) -> AsyncIterator[Loopback]:
    """A server that asks for keys."""
    async with on_loopback(key_file=tmp_path / "key_file.json") as loopback:
        loopback.fake.load("mnist")
        yield loopback


@pytest.mark.parametrize("rate", [None, 400.0])
async def test_keys_refreshed_by_others_lose_no_request(
    locked: Loopback, images: Images, rate: float | None
) -> None:
    plan = RunPlan(
        model="mnist", payloads=images, count=600, rate=rate, concurrency=4, duration_s=60
    )
    refused = 0
    async with locked.fake.client() as client, open_run(client, plan) as run:
        async for progress in run.progress():
            if progress.so_far.answered > refused + 50:
                locked.fake.keys.renew("inference")
                refused = progress.so_far.answered
    assert refused
    assert (run.report.answered, run.report.failed) == (600, 0)


async def test_what_was_refused_because_of_the_change_is_sent_again(
    locked: Loopback, images: Images
) -> None:
    fake = locked.fake
    plan = RunPlan(model="mnist", payloads=images, count=3, concurrency=3)
    async with fake.client() as client, open_run(client, plan) as run:
        fake.keys.renew("inference")  # the process has the old one and has not begun
        async for _ in run.progress():
            pass
    assert (run.report.sent, run.report.answered, run.report.failed) == (3, 3, 0)
    assert len(fake.sent("POST")) == 6


async def test_a_run_alone_renews_the_keys_of_tsmons_own_server(
    locked: Loopback, images: Images
) -> None:
    fake = locked.fake
    plan = RunPlan(model="mnist", payloads=images, duration_s=60)
    keys = KeyRing(fake.keys.path, own=True)
    async with TorchServe(fake.addresses, keys) as client, open_run(client, plan) as run:
        aged = False
        async for _ in run.progress():
            if not aged:
                fake.keys.age(timedelta(minutes=59, seconds=50))
                aged = True
            elif fake.sent(prefix="/token"):
                run.stop()
    assert len(fake.sent(prefix="/token")) == 2
    assert run.report.failed == 0


async def test_a_key_that_is_wrong_for_good_ends_the_run_at_once(
    locked: Loopback, images: Images, tmp_path: Path
) -> None:
    path = tmp_path / "other.json"
    path.write_text('{"inference": {"key": "wrong"}}')
    plan = RunPlan(model="mnist", payloads=images, concurrency=3, duration_s=60)
    async with TorchServe(locked.fake.addresses, KeyRing(path)) as client:
        with pytest.raises(TokenRefused, match="it is wrong"):
            await complete_run(client, plan)


async def test_a_key_that_becomes_void_for_good_is_a_failure_of_each_request(
    locked: Loopback, images: Images
) -> None:
    plan = RunPlan(model="mnist", payloads=images, count=400, rate=400, concurrency=2)
    async with locked.fake.client() as client, open_run(client, plan) as run:
        await anext(run.progress())
        locked.fake.keys.expire("inference")
        async for _ in run.progress():
            pass
    assert run.report.ending is StopReason.COUNT
    assert run.report.answered + run.report.failed == 400
    assert run.report.failures.keys() <= {Failure.REFUSED}


def test_another_key_replaces_the_one_in_the_bytes_and_nothing_else() -> None:
    body = b"\r\n\r\nAuthorization: x\r\n\r\n"
    request = ReadyRequest(b"POST /p HTTP/1.1\r\nAuthorization: Bearer old\r\n\r\n" + body, "7")
    request.authorize("Bearer new")
    assert request.data == b"POST /p HTTP/1.1\r\nAuthorization: Bearer new\r\n\r\n" + body
    request.authorize("")
    assert request.data == b"POST /p HTTP/1.1\r\n\r\n" + body
