"""The two loops, their ends, and what becomes of every request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import perf_counter
from typing import Any

import httpx
import pytest

from tests.fake.loopback import Loopback
from tsmon.digits.images import DigitImage
from tsmon.load.refusals import Failure
from tsmon.load.run import engine as engine_module
from tsmon.load.run.engine import Engine
from tsmon.load.run.increment import Increment, StopReason
from tsmon.load.run.lane import Link
from tsmon.load.run.plan import Endpoint, RunPlan
from tsmon.load.run.report import RunReport, Tally
from tsmon.load.run.requests import prepare

LONG_S = 60.0
"""A duration that no test waits for."""
Images = tuple[DigitImage, ...]


class Sending:
    """An engine under way and what it told so far."""

    def __init__(self, url: str, images: Images, **values: Any) -> None:
        lasting: dict[str, Any] = {"model": "mnist", "duration_s": LONG_S, "timeout_s": LONG_S}
        plan = RunPlan(payloads=images, **(lasting | values))
        endpoint = Endpoint(url)
        requests = prepare(plan, endpoint).requests
        self._tally = Tally(plan)
        self._told = asyncio.Event()
        self.last = Increment()
        self.engine = Engine(plan, Link.to(endpoint), requests, self._tell)
        self.task = asyncio.create_task(self.engine.run())

    def _tell(self, increment: Increment) -> None:
        self._tally.add(increment)
        self.last = increment
        self._told.set()

    async def until(self, holds: Callable[[Increment], bool]) -> None:
        """Wait for an increment of which this holds."""
        while not holds(self.last):
            self._told.clear()
            await self._told.wait()

    async def report(self) -> RunReport:
        await self.task
        return self._tally.report()


@pytest.fixture
def send(server: Loopback, images: Images) -> Callable[..., Sending]:
    """Starts a run on the server with these values of its plan."""
    return lambda **values: Sending(server.fake.addresses.inference, images, **values)


async def test_closed_loop_sends_its_count_and_judges_by_label(
    send: Callable[..., Sending],
) -> None:
    report = await send(count=12, concurrency=2).report()

    assert (report.sent, report.answered, report.failed) == (12, 12, 0)
    assert (report.right, report.wrong) == ({"0": 3, "1": 3}, {"8": 3})
    assert report.accuracy == pytest.approx(6 / 9)
    assert report.ending is StopReason.COUNT


async def test_each_connection_carries_many_requests(
    server: Loopback, send: Callable[..., Sending]
) -> None:
    await send(count=30, concurrency=3).report()

    assert server.accepted == 3


async def test_closed_loop_has_as_many_requests_under_way_as_told_and_no_more(
    server: Loopback, send: Callable[..., Sending]
) -> None:
    hold = server.fake.hold("/predictions")
    sending = send(count=9, concurrency=3)
    await hold.arrival(3)
    await sending.until(lambda increment: increment.under_way == 3)
    assert len(hold.waiting) == 3

    hold.release()
    assert (await sending.report()).answered == 9


async def test_closed_loop_ends_when_its_time_is_up(
    server: Loopback, send: Callable[..., Sending]
) -> None:
    report = await send(duration_s=0.3).report()

    assert report.ending is StopReason.DURATION
    assert report.sent == report.answered == len(server.fake.sent("POST", "/predictions"))


async def test_open_loop_sends_what_was_planned(send: Callable[..., Sending]) -> None:
    report = await send(rate=500, count=40, concurrency=2).report()

    assert (report.planned, report.sent, report.answered) == (40, 40, 40)
    assert report.ending is StopReason.COUNT


async def test_open_loop_counts_the_waiting_for_a_connection_into_the_response_time(
    server: Loopback, send: Callable[..., Sending]
) -> None:
    hold = server.fake.hold("/predictions")
    sending = send(rate=50, count=5, concurrency=1)
    await hold.arrival(1)
    began_by = perf_counter()
    await sending.until(lambda increment: increment.planned == 5)
    assert len(hold.waiting) == 1
    waited_ms = (perf_counter() - began_by) * 1000
    hold.release()
    report = await sending.report()

    assert report.latency is not None
    assert report.latency.max >= waited_ms  # the first, due at the start
    assert report.latency.p50 >= waited_ms - 1000 * 4 / 50  # the last was due 4/50 s later


async def test_open_loop_says_how_many_it_could_not_send_in_time(
    server: Loopback, send: Callable[..., Sending]
) -> None:
    hold = server.fake.hold("/predictions")
    sending = send(rate=100, duration_s=0.3, concurrency=2)
    await sending.until(lambda increment: increment.ending is not None)
    hold.release()
    report = await sending.report()

    assert report.ending is StopReason.DURATION
    assert (report.planned, report.sent, report.unsent) == (30, 2, 28)
    assert report.answered == 2


@pytest.mark.parametrize("rate", [None, 200.0])
async def test_stop_loses_no_answer_under_way_and_sends_nothing_more(
    server: Loopback, send: Callable[..., Sending], rate: float | None
) -> None:
    hold = server.fake.hold("/predictions")
    sending = send(rate=rate, concurrency=3)
    await hold.arrival(3)
    sending.engine.stop()
    hold.release()
    report = await sending.report()

    assert (report.sent, report.answered, report.under_way) == (3, 3, 0)
    assert report.ending is StopReason.STOPPED
    assert len(server.fake.sent("POST", "/predictions")) == 3


@pytest.mark.parametrize("rate", [None, 200.0])
async def test_a_stop_that_comes_before_the_start_leaves_nothing_sent_or_planned(
    server: Loopback, send: Callable[..., Sending], rate: float | None
) -> None:
    sending = send(rate=rate)
    sending.engine.stop()
    report = await sending.report()

    assert (report.planned, report.sent, report.ending) == (0, 0, StopReason.STOPPED)
    assert server.fake.requests == []


async def test_abandon_waits_for_nothing_and_says_what_was_under_way(
    server: Loopback, send: Callable[..., Sending]
) -> None:
    hold = server.fake.hold("/predictions")
    sending = send(concurrency=2)
    await hold.arrival(2)
    sending.engine.abandon()
    report = await sending.report()
    hold.release()

    assert (report.sent, report.failures) == (2, {Failure.ABANDONED: 2})


async def test_an_answer_that_takes_too_long_is_a_failure_and_the_run_goes_on(
    server: Loopback, send: Callable[..., Sending]
) -> None:
    hold = server.fake.hold("/predictions")
    sending = send(count=2, timeout_s=0.2)
    await hold.arrival(2)
    hold.release()
    report = await sending.report()

    assert report.failures[Failure.TIMED_OUT] >= 1
    assert report.failed + report.answered == 2
    assert report.examples[Failure.TIMED_OUT] == "no answer within 0.2 s"


@pytest.mark.parametrize("rate", [None, 200.0])
async def test_a_server_that_dies_ends_the_run_with_errors_by_kind(
    server: Loopback,
    send: Callable[..., Sending],
    monkeypatch: pytest.MonkeyPatch,
    rate: float | None,
) -> None:
    monkeypatch.setattr(engine_module, "GONE_S", 0.2)
    hold = server.fake.hold("/predictions")
    sending = send(rate=rate, concurrency=2)
    await hold.arrival(2)
    server.die()
    report = await sending.report()
    hold.release()

    assert report.ending is StopReason.SERVER_GONE
    assert report.failures.keys() == {Failure.UNREACHABLE}
    assert report.failed == report.sent >= 2


async def test_errors_are_counted_by_kind_and_the_rest_goes_on(
    server: Loopback, send: Callable[..., Sending]
) -> None:
    for code, type_ in ((503, "InternalServerException"), (507, "InternalServerException")):
        answer = httpx.Response(code, json={"code": code, "type": type_, "message": "no"})
        server.fake.fail("/predictions", answer, times=2)
    server.fake.fail("/predictions", httpx.Response(413), times=1)
    server.fake.fail("/predictions", httpx.ReadError, times=1)
    report = await send(count=10).report()

    assert report.failures == {
        Failure.HANDLER: 2,
        Failure.OUT_OF_MEMORY: 2,
        Failure.TOO_LARGE: 1,
        Failure.UNREACHABLE: 1,
    }
    assert report.answered == 4
    assert report.examples[Failure.HANDLER] == "no"


async def test_a_first_answer_that_every_request_would_get_ends_the_run(
    server: Loopback, send: Callable[..., Sending]
) -> None:
    report = await send(model="unknown").report()

    assert (report.ending, report.sent) == (StopReason.REFUSED, 1)


async def test_a_model_that_is_away_for_a_moment_does_not_end_the_run(
    server: Loopback, send: Callable[..., Sending]
) -> None:
    def vanish(body: bytes) -> int:
        if len(server.fake.requests) == 2:
            server.fake.fail("/predictions", httpx.Response(404), times=1)
        return 7

    server.fake.load("fleeting", digit=vanish)
    report = await send(model="fleeting", count=5).report()

    assert (report.answered, report.failures) == (4, {Failure.REFUSED: 1})


async def test_something_that_speaks_no_http_is_said_to_be_that(images: Images) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    async with await asyncio.start_server(babble, "127.0.0.1", 0) as other:
        port = other.sockets[0].getsockname()[1]
        report = await Sending(f"http://127.0.0.1:{port}", images, count=1).report()

    assert "not HTTP" in report.examples[Failure.UNREACHABLE]


async def test_nothing_that_listens_is_an_error_at_once(server: Loopback, images: Images) -> None:
    server.die()
    with pytest.raises(OSError, match="Connect call failed"):
        await Sending(server.fake.addresses.inference, images).report()
