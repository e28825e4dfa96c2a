"""A run as its starter sees it: progress while it goes on, its end at will, and its report.

Who only wants the report calls `complete_run`. Who shows the run opens it with `open_run`, iterates
over its `progress()`, calls its `stop()` when it is enough, and reads its `report` in the end.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import tsmon
from tsmon.load.refusals import Failure, capacity_kind
from tsmon.load.run.child import ABANDON, STOP, job_line, key_order
from tsmon.load.run.increment import Increment, RefusedAnswer
from tsmon.load.run.plan import Endpoint, RunPlan
from tsmon.load.run.report import RunProgress, RunReport, Tally
from tsmon.payloads.payload import PayloadError
from tsmon.torchserve.addresses import SOCKET
from tsmon.torchserve.errors import InvalidArgument, TokenRefused, TorchServeError, api_error
from tsmon.torchserve.grpc.schemes import is_grpc
from tsmon.torchserve.tokens import KeyKind
from tsmon.torchserve.unreachable import unreachable

if TYPE_CHECKING:
    from tsmon.torchserve.client import TorchServe

LONGEST_CHILD_LINE = 64 * 2**20
"""Bytes of an increment, far above those of a tick at the highest rate."""
EXIT_S = 5.0
"""For the process to end by itself when no one listens any more."""
ASK_S = 1.0
"""Between two questions to the server what a 503 means, and for its answer."""


def endpoint_of(client: TorchServe, plan: RunPlan) -> Endpoint:
    """Where the plan's requests go, with the inference key as it is now.

    Raises:
        InvalidArgument: the model's name or version cannot be addressed, or the server not reached.
    """
    route, url = client.route, client.addresses.inference
    if route.proxy:
        raise InvalidArgument(
            "a load run goes straight to the server, and this one is behind an HTTP proxy",
            "run it on a machine that reaches the server itself",
        )
    # The process would say it late.
    if is_grpc(url):
        plan.form.require_grpc()
    else:
        plan.form.path(plan.model, plan.version)
    return Endpoint(
        url,
        "" if url.startswith(SOCKET) else urlsplit(url).path,
        _authorization(client),
        route.verify,
        route.client_cert,
        route.client_key,
        route.headers,
    )


def _authorization(client: TorchServe) -> str:
    keys = client.keys.headers(KeyKind.INFERENCE, client.addresses.inference)
    return (keys | client.route.authorization()).get("Authorization", "")


class SenderDied(TorchServeError):
    """The process that sends ended before its run did."""


@asynccontextmanager
async def open_run(client: TorchServe, plan: RunPlan) -> AsyncIterator[LoadRun]:
    """Start a run in a process of its own; leaving early abandons it.

    The client says where to send and with which key, and is asked what a 503 means.
    """
    await client.keep_keys()
    process = await _start_process()
    try:
        yield LoadRun(client, plan, process)
    finally:
        await _end_process(process)


async def complete_run(client: TorchServe, plan: RunPlan) -> RunReport:
    """Do a run from beginning to end; raises what `Run.progress` raises."""
    async with open_run(client, plan) as run, aclosing(run.progress()) as steps:
        async for _ in steps:
            pass
    return run.report


class LoadRun:
    """A run under way."""

    def __init__(self, client: TorchServe, plan: RunPlan, process: Process) -> None:
        """`process` waits for its job."""
        self.plan = plan
        self._client = client
        self._process = process
        self._tally = Tally(plan)
        self._asked_at = 0.0
        endpoint = endpoint_of(client, plan)
        self._authorization = endpoint.authorization
        """With which the process sends."""
        self._order(job_line(plan, endpoint))

    @property
    def report(self) -> RunReport:
        """What is known so far; final once the progress has ended."""
        return self._tally.report()

    @property
    def times_us(self) -> tuple[int, ...]:
        """Response times so far in microseconds, ascending, to be joined with other runs'."""
        return self._tally.times_us

    def stop(self) -> None:
        """Send nothing more; the progress ends when the answers under way have come."""
        self._order(STOP)

    def abandon(self) -> None:
        """Send nothing more and do not wait for the answers under way."""
        self._order(ABANDON)

    async def progress(self) -> AsyncGenerator[RunProgress, None]:
        """Progress several times a second until the end; to be read once.

        Raises:
            Unreachable: there was no connection to begin with.
            ApiError: the first answer was that there is no such model, or that the key is refused.
            PayloadError: none of the images can be read.
            SenderDied: the process that sends ended early.
        """
        done = False
        while not done:
            increment = await self._next_increment()
            done = increment.done
            if not done:
                await self._hand_on_key(refused=increment.key_refused)
            self._raise_if_nothing_can_be_sent(increment)
            self._tally.add(increment)
            if self._tally.undecided and (done or monotonic() - self._asked_at > ASK_S):
                await self._ask_what_a_503_means()
            yield self._tally.progress()

    async def _hand_on_key(self, *, refused: bool) -> None:
        """Give the process the key to send with: after a change, and where one was refused.

        Keys of a server of tsmon's own are renewed in time here as well.
        """
        await self._client.keep_keys()
        if refused:
            await self._client.keys.changed_from(KeyKind.INFERENCE, self._authorization or None)
        authorization = _authorization(self._client)
        if refused or authorization != self._authorization:
            self._authorization = authorization
            self._order(key_order(authorization))

    def _order(self, line: bytes) -> None:
        stdin = self._process.stdin
        if stdin is not None and not stdin.is_closing():
            stdin.write(line)

    async def _next_increment(self) -> Increment:
        assert self._process.stdout is not None  # noqa: S101 (it was opened with a pipe)
        line = await self._process.stdout.readline()
        if not line:
            _, complaint = await self._process.communicate()
            words = complaint.decode(errors="replace").strip().rpartition("\n")[2]
            raise SenderDied(f"the sending process ended early: {words or 'it was killed'}")
        return Increment.from_line(line)

    def _raise_if_nothing_can_be_sent(self, increment: Increment) -> None:
        if increment.refused is not None:
            raise self._refusal(increment.refused)
        if not increment.done or increment.sent:
            return
        if increment.no_connection:
            raise unreachable(self._client.addresses.inference, increment.no_connection)
        for cause in increment.failed:
            if cause.kind is Failure.UNREADABLE:
                raise PayloadError(cause.words)

    def _refusal(self, refused: RefusedAnswer) -> TorchServeError:
        if refused.type == "InvalidKeyException":
            diagnosis = self._client.keys.diagnose(
                KeyKind.INFERENCE, self._client.addresses.inference
            )
            return TokenRefused(refused.code, refused.type, refused.message, *diagnosis)
        return api_error(refused.code, refused.type, refused.message)

    async def _ask_what_a_503_means(self) -> None:
        """Decide between no worker and a full queue; without an answer it stays open."""
        self._asked_at = monotonic()
        plan, management = self.plan, self._client.management
        try:
            async with asyncio.timeout(ASK_S):
                model = await management.describe(plan.model, plan.version)
        except (TorchServeError, TimeoutError):
            return
        self._tally.decide(capacity_kind(model))


async def _start_process() -> Process:
    package = str(Path(tsmon.__file__).parent.parent)
    path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # whatever modules lie in the current folder are none of ours
        "-m",
        "tsmon.load.run.child",
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        limit=LONGEST_CHILD_LINE,
        env=os.environ | {"PYTHONPATH": path},
        start_new_session=True,  # Ctrl-C is for the starter, who then stops the run
    )


async def _end_process(process: Process) -> None:
    """Close its input, at which it abandons the run, and wait for it."""
    assert process.stdin is not None  # noqa: S101 (it was opened with a pipe)
    process.stdin.close()  # which `communicate` does from Python 3.12 on only
    try:
        async with asyncio.timeout(EXIT_S):
            await process.communicate()
    except TimeoutError:
        pass
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
