"""Runs over gRPC: the same loops, ends and failures as over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.fake import FakeTorchServe
from tests.fake.grpc_front import GrpcFront, grpc_front
from tests.unit.load.run.test_engine import LONG_S, Images
from tsmon.load.refusals import Failure
from tsmon.load.run import engine as engine_module
from tsmon.load.run.engine import Engine
from tsmon.load.run.grpc_lane import GrpcLink
from tsmon.load.run.increment import Increment, StopReason
from tsmon.load.run.plan import Endpoint, RunPlan
from tsmon.load.run.report import RunReport, Tally
from tsmon.load.run.requests import prepare
from tsmon.payloads.payload import Payload
from tsmon.payloads.request_form import RequestForm, Template
from tsmon.torchserve.errors import InvalidArgument
from tsmon.torchserve.grpc import inference_pb2


class Running:
    """A run under way, and what it told so far."""

    def __init__(self, plan: RunPlan) -> None:
        self._tally = Tally(plan)
        self.asks_for_key = asyncio.Event()
        self.engine: Engine
        self.task: asyncio.Task[None]

    @classmethod
    async def start(cls, endpoint: Endpoint, plan: RunPlan) -> Running:
        running = cls(plan)
        requests = prepare(plan, endpoint).requests
        link = await GrpcLink.to(endpoint)
        running.engine = Engine(plan, link, requests, running._tell)
        running.task = asyncio.create_task(running.engine.run())
        return running

    def _tell(self, increment: Increment) -> None:
        self._tally.add(increment)
        if increment.key_refused:
            self.asks_for_key.set()

    async def report(self) -> RunReport:
        await self.task
        return self._tally.report()


@pytest.fixture
async def front(fake: FakeTorchServe) -> AsyncIterator[tuple[GrpcFront, str]]:
    async with grpc_front(fake) as (front, addresses):
        yield front, addresses.inference


@pytest.fixture
def fake(tmp_path: Path) -> FakeTorchServe:
    fake = FakeTorchServe(key_file=tmp_path / "key_file.json")
    fake.load("mnist", digit=lambda body: len(body) % 10)
    return fake


def plan_of(images: Images, **values: Any) -> RunPlan:
    lasting: dict[str, Any] = {"model": "mnist", "duration_s": LONG_S, "timeout_s": LONG_S}
    return RunPlan(payloads=images, **(lasting | values))


def endpoint_at(url: str, fake: FakeTorchServe) -> Endpoint:
    return Endpoint(url, authorization=f"Bearer {fake.keys._values['inference']}")


@pytest.mark.parametrize("rate", [None, 200.0])
async def test_every_request_is_answered_and_judged(
    fake: FakeTorchServe, front: tuple[GrpcFront, str], images: Images, rate: float | None
) -> None:
    plan = plan_of(images, count=12, concurrency=3, rate=rate)
    report = await (await Running.start(endpoint_at(front[1], fake), plan)).report()
    assert (report.sent, report.answered, report.failed) == (12, 12, 0)
    assert sum(report.right.values()) + sum(report.wrong.values()) > 0
    assert report.ending is StopReason.COUNT


async def test_what_is_refused_is_counted_by_its_kind(
    fake: FakeTorchServe, front: tuple[GrpcFront, str], images: Images
) -> None:
    def fail(_body: bytes) -> int:
        raise ValueError("the handler raised")

    fake.load("broken", digit=fail)
    plan = plan_of(images, model="broken", count=3)
    report = await (await Running.start(endpoint_at(front[1], fake), plan)).report()
    assert report.failures == {Failure.HANDLER: 3}


async def test_a_model_that_is_not_there_ends_the_run(
    fake: FakeTorchServe, front: tuple[GrpcFront, str], images: Images
) -> None:
    plan = plan_of(images, model="nope", count=100)
    report = await (await Running.start(endpoint_at(front[1], fake), plan)).report()
    assert report.ending is StopReason.REFUSED
    assert report.sent == 1


async def test_a_key_that_changes_meanwhile_loses_no_request(
    fake: FakeTorchServe, front: tuple[GrpcFront, str], images: Images
) -> None:
    plan = plan_of(images, count=20, concurrency=2)
    endpoint = endpoint_at(front[1], fake)
    fake.keys.renew("inference")
    running = await Running.start(endpoint, plan)
    await running.asks_for_key.wait()
    running.engine.authorize(endpoint_at(front[1], fake).authorization)
    report = await running.report()
    assert (report.answered, report.failed) == (20, 0)


async def test_an_answer_that_does_not_come_is_given_up_and_the_lane_goes_on(
    fake: FakeTorchServe,
    front: tuple[GrpcFront, str],
    images: Images,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine_module, "TICK_S", 0.01)
    calls = 0

    async def hang_once(_call: str, _context: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            await asyncio.Event().wait()

    front[0].before = hang_once
    plan = plan_of(images, count=3, timeout_s=0.05)
    report = await (await Running.start(endpoint_at(front[1], fake), plan)).report()
    assert report.failures == {Failure.TIMED_OUT: 1}
    assert report.answered == 2


async def test_abandoning_waits_for_nothing(
    fake: FakeTorchServe, front: tuple[GrpcFront, str], images: Images
) -> None:
    arrived = asyncio.Event()

    async def hang(_call: str, _context: Any) -> None:
        arrived.set()
        await asyncio.Event().wait()

    front[0].before = hang
    running = await Running.start(endpoint_at(front[1], fake), plan_of(images, count=3))
    await arrived.wait()
    running.engine.abandon()
    report = await running.report()
    assert report.failures == {Failure.ABANDONED: 1}


async def test_a_server_that_goes_away_ends_the_run(
    fake: FakeTorchServe, images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "GONE_S", 0.2)
    monkeypatch.setattr(engine_module, "TICK_S", 0.01)
    arrived = asyncio.Event()

    async def look(_call: str, _context: Any) -> None:
        arrived.set()

    async with grpc_front(fake) as (front, addresses):
        front.before = look
        endpoint = endpoint_at(addresses.inference, fake)
        running = await Running.start(endpoint, plan_of(images, count=1_000_000))
        await arrived.wait()
    report = await running.report()
    assert report.ending is StopReason.SERVER_GONE
    assert Failure.UNREACHABLE in report.failures


async def test_no_connection_to_begin_with_says_why(images: Images) -> None:
    endpoint = Endpoint("grpc://127.0.0.1:1")
    running = await Running.start(endpoint, plan_of(images))
    with pytest.raises(OSError, match=r"[Rr]efused"):
        await running.task


def test_a_form_becomes_named_inputs(tmp_path: Path) -> None:
    file = tmp_path / "mask"
    file.write_bytes(b"mask")
    photo = tmp_path / "photo"
    photo.write_bytes(b"photo")
    form = RequestForm(form_field="image", fields=(("mask", f"@{file}"), ("size", "7")))
    plan = RunPlan(model="mnist", payloads=(Payload(photo),), form=form)
    (request,) = prepare(plan, Endpoint("grpc://127.0.0.1:1")).requests
    message = inference_pb2.PredictionsRequest.FromString(request.data)
    assert dict(message.input) == {"image": b"photo", "mask": b"mask", "size": b"7"}


@pytest.mark.parametrize(
    "form",
    [
        RequestForm(method="PUT"),
        RequestForm(explain=True),
        RequestForm(content_type="text/plain"),
        RequestForm(headers={"X-A": "1"}),
    ],
)
def test_what_grpc_cannot_carry_is_refused(form: RequestForm) -> None:
    with pytest.raises(InvalidArgument, match="gRPC carries neither"):
        form.require_grpc()


def test_a_body_of_kserve_can_be_carried() -> None:
    RequestForm(template=Template.KSERVE_V2).require_grpc()
