"""The process that sends: a job and orders on its standard input, increments on its output.

The first line in is the job, each line after it an order, and the end of the input means to
abandon the run, so that a sender never outlives who started it. Out comes one line per increment;
where nothing could be sent the only one says why.
"""

from __future__ import annotations

import asyncio
import gc
import os
import selectors
import sys
from collections import Counter
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any

import uvloop
from msgspec import Struct, json

from tsmon.load.refusals import Cause, Failure
from tsmon.load.run.engine import Engine
from tsmon.load.run.increment import Increment
from tsmon.load.run.lane import Link, Links, reason_of
from tsmon.load.run.plan import Endpoint, RunPlan
from tsmon.load.run.requests import prepare
from tsmon.torchserve.grpc.schemes import is_grpc

STOP = b"stop\n"
ABANDON = b"abandon\n"
KEY = b"key "
"""Followed by the authorization header to send from now on."""
CHUNK = 2**16


class Job(Struct, frozen=True):
    """What is sent, and to where."""

    plan: RunPlan
    endpoint: Endpoint


def job_line(plan: RunPlan, endpoint: Endpoint) -> bytes:
    """A job as the line that `read_job` reads."""
    return json.encode(Job(plan, endpoint), enc_hook=str) + b"\n"


def key_order(authorization: str) -> bytes:
    """The order to send with this key."""
    return KEY + authorization.encode("ascii") + b"\n"


def read_job(line: bytes) -> Job:
    """The job in a line that `job_line` wrote."""
    return json.decode(line, type=Job, dec_hook=_made_of)


def _made_of(kind: type, value: Any) -> Any:
    """What JSON has no form for: paths."""
    return kind(value)


class Orders:
    """The job on standard input, which is waited for, and the orders after it as they come."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._unread = b""

    def job(self) -> bytes:
        """Wait for the line that is the job."""
        chunks = [b""]
        while b"\n" not in chunks[-1] and (data := os.read(self._fd, CHUNK)):
            chunks.append(data)
        line, _, self._unread = b"".join(chunks).partition(b"\n")
        return line

    def obey(self, engine: Engine) -> None:
        """Pass the orders on that came with the job and those that will come."""
        loop = asyncio.get_running_loop()

        def pass_on(data: bytes) -> None:
            *orders, self._unread = (self._unread + data).split(b"\n")
            for order in orders:
                _obey(order + b"\n", engine)

        def read() -> None:
            data = os.read(self._fd, CHUNK)
            if not data:
                loop.remove_reader(self._fd)
            pass_on(data or b"\n" + ABANDON)

        pass_on(b"")
        loop.add_reader(self._fd, read)


def _obey(order: bytes, engine: Engine) -> None:
    if order == STOP:
        engine.stop()
    elif order == ABANDON:
        engine.abandon()
    elif order.startswith(KEY):
        engine.authorize(order.removeprefix(KEY).rstrip(b"\n").decode("ascii"))


def main() -> None:
    """Do the job on standard input."""
    orders = Orders(sys.stdin.fileno())
    job = read_job(orders.job())
    lines: SimpleQueue[bytes | None] = SimpleQueue()
    writer = Thread(target=_write, args=(lines,))
    writer.start()
    try:
        with asyncio.Runner(loop_factory=lambda: _loop(job.plan)) as runner:
            runner.run(_send(job, orders, lambda increment: lines.put(increment.to_line())))
    finally:
        lines.put(None)
        writer.join()


def _loop(plan: RunPlan) -> asyncio.AbstractEventLoop:
    """A fast loop; for planned starts one whose timers are finer than the others' millisecond."""
    if plan.rate is None:
        return uvloop.new_event_loop()
    return asyncio.SelectorEventLoop(selectors.SelectSelector())


async def _send(job: Job, orders: Orders, show: Callable[[Increment], None]) -> None:
    prepared = prepare(job.plan, job.endpoint)
    if prepared.problems:
        failed = Counter(Cause(Failure.UNREADABLE, words=each) for each in prepared.problems)
        show(Increment(failed=failed, done=not prepared.requests))
    if not prepared.requests:
        return
    try:
        engine = Engine(job.plan, await _link(job.endpoint), prepared.requests, show)
        orders.obey(engine)
        gc.collect()
        gc.freeze()  # fewer objects to walk, fewer pauses in the times that are measured
        await engine.run()
    except OSError as error:
        show(Increment(no_connection=reason_of(error), done=True))


async def _link(endpoint: Endpoint) -> Links:
    if not is_grpc(endpoint.url):
        return Link.to(endpoint)
    from tsmon.load.run.grpc_lane import GrpcLink

    return await GrpcLink.to(endpoint)


def _write(lines: SimpleQueue[bytes | None]) -> None:
    """Write in a thread, as a reader that is slow must not hold up the sending."""
    while (line := lines.get()) is not None:
        try:
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            return


if __name__ == "__main__":
    main()
