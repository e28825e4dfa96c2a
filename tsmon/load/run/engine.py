"""The event loop's side of a run: keeps the lanes busy and tells what came back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import cycle
from time import perf_counter

from tsmon.load.refusals import Failure
from tsmon.load.run.batch import Batch, Ending
from tsmon.load.run.lane import Lane, Link
from tsmon.load.run.pace import ClosedPace, OpenPace, Pace
from tsmon.load.run.plan import RunPlan
from tsmon.load.run.requests import ImageRequest
from tsmon.load.run.verdicts import is_lasting, predicted, refusal

TICK_S = 0.2
"""Between two batches."""
RETRY_S = 0.1
"""A lane's rest after a connection that was not accepted."""
GONE_S = 2.0
"""Without an accepted connection, after which the server counts as gone."""


class Engine:
    """One run, on the loop it is started on."""

    def __init__(
        self,
        plan: RunPlan,
        link: Link,
        requests: Sequence[ImageRequest],
        tell: Callable[[Batch], None],
    ) -> None:
        """`tell` gets a batch every `TICK_S` seconds and a last one that is `done`."""
        self._plan = plan
        self._requests = cycle(requests)
        self._tell = tell
        self._pace: Pace = ClosedPace(plan) if plan.rate is None else OpenPace(plan)
        self._lanes = [Lane(link, self) for _ in range(plan.connections)]
        self._idle: list[Lane] = []
        self._batch = Batch()
        self._sent = 0
        self._heard = 0
        self._under_way = 0
        self._began = 0.0
        self._ending: Ending | None = None
        self._refused_since: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Open all connections, send until the plan's end, and wait for the answers under way.

        Raises:
            OSError: the server accepts no connection.
        """
        try:
            await self._open_all()
            loop = asyncio.get_running_loop()
            self._began = perf_counter()
            end = loop.call_later(self._plan.duration_s, self._end, Ending.DURATION)
            ticking = asyncio.create_task(self._tick())
            self._idle = list(self._lanes)
            self._on_due()
            await self._ended.wait()
            end.cancel()
            ticking.cancel()
            self._flush(done=True)
        finally:
            self._stop_timer()
            for lane in self._lanes:
                lane.close()

    def stop(self) -> None:
        """Send nothing more; the run ends when the answers under way have come."""
        self._end(Ending.STOPPED)

    def abandon(self) -> None:
        """Send nothing more and wait for nothing."""
        self._end(Ending.STOPPED)
        for lane in self._lanes:
            lane.give_up(Failure.ABANDONED, "the run was ended before the answer came")

    # Lanes call these.

    def lane_answered(self, lane: Lane, status: int, body: bytes) -> None:
        """Count an answer, and use the lane again."""
        request, batch = lane.request, self._batch
        assert request is not None  # noqa: S101 (a lane tells only what it was sent)
        if 200 <= status < 300:
            batch.times_us.append(round((self._now() - lane.due) * 1e6))
            if request.label is not None:
                score = batch.right if predicted(body) == request.label else batch.wrong
                score[request.label] += 1
        else:
            kind, refused = refusal(status, body)
            self._count_failure(kind, refused.message)
            if not self._heard and is_lasting(refused):
                batch.refused = refused
                self._end(Ending.REFUSED)
        self._heard += 1
        self._release(lane)

    def lane_failed(self, lane: Lane, kind: Failure, reason: str) -> None:
        """Count a failure; a lane whose server is away rests before its next request."""
        self._count_failure(kind, reason)
        if kind is Failure.UNREACHABLE:
            self._refused_since = self._refused_since or self._now()
            self._under_way -= 1
            lane.request = None
            self._end_if_empty()
            asyncio.get_running_loop().call_later(RETRY_S, self._feed, lane)
        else:
            self._release(lane)

    def connected(self) -> None:
        """The server is there."""
        self._refused_since = None

    # How the lanes are kept busy.

    async def _open_all(self) -> None:
        opening = (lane.open() for lane in self._lanes)
        for problem in await asyncio.gather(*opening, return_exceptions=True):
            if problem is not None:
                raise problem

    def _now(self) -> float:
        """Seconds since the run's start."""
        return perf_counter() - self._began

    def _count_failure(self, kind: Failure, reason: str) -> None:
        self._batch.failed[kind] += 1
        self._batch.examples.setdefault(kind, reason)

    def _release(self, lane: Lane) -> None:
        lane.request = None
        self._under_way -= 1
        self._feed(lane)
        self._end_if_empty()

    def _feed(self, lane: Lane) -> None:
        """Send the next request that is due on this lane, or let it idle."""
        due = self._due()
        if due is None:
            self._idle.append(lane)
        else:
            self._send(lane, due)

    def _due(self) -> float | None:
        """When the request was due that is to be sent now; None when there is none."""
        return self._pace.take(self._now()) if self._ending is None else None

    def _send(self, lane: Lane, due: float) -> None:
        self._under_way += 1
        self._sent += 1
        lane.send(next(self._requests), due)
        if self._pace.exhausted:
            self._end(Ending.COUNT if self._sent == self._plan.count else Ending.DURATION)

    def _on_due(self) -> None:
        """Send what is due on the idle lanes, and come back at the next planned start."""
        now = self._now()
        self._pace.advance(now)
        while self._idle and (due := self._due()) is not None:
            self._send(self._idle.pop(), due)
        start = self._pace.next_start()
        if start is not None and self._ending is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(start - now, self._on_due)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    # How it ends.

    def _end(self, ending: Ending) -> None:
        if self._ending is None:
            self._pace.advance(self._now())
            self._ending = ending
            self._stop_timer()
        self._end_if_empty()

    def _end_if_empty(self) -> None:
        if self._ending is not None and self._under_way == 0:
            self._ended.set()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._give_up_late()
            if self._refused_since is not None and self._now() - self._refused_since > GONE_S:
                self._end(Ending.SERVER_GONE)
            self._flush()

    def _give_up_late(self) -> None:
        limit = self._plan.timeout_s
        for lane in self._lanes:
            if lane.request is not None and perf_counter() - lane.sent_at > limit:
                lane.give_up(Failure.TIMED_OUT, f"no answer within {limit:g} s")

    def _flush(self, *, done: bool = False) -> None:
        batch, self._batch = self._batch, Batch()
        batch.at_s = self._now()
        if self._ending is None:
            self._pace.advance(batch.at_s)
        batch.planned = self._pace.planned
        batch.sent, batch.under_way = self._sent, self._under_way
        batch.ending, batch.done = self._ending, done
        self._tell(batch)
