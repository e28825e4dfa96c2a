"""The event loop's side of a run: keeps the lanes busy and reports what came back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import cycle
from time import perf_counter
from typing import TYPE_CHECKING

from tsmon.load.refusals import Cause, Failure
from tsmon.load.run.increment import Increment, StopReason
from tsmon.load.run.key_change import KeyChange, RefusedRequest
from tsmon.load.run.pace import ClosedPace, OpenPace, Pace
from tsmon.load.run.request_notes import RequestNotes
from tsmon.load.run.verdicts import is_key_refused, is_lasting, predicted, run_refusal
from tsmon.units import period
from tsmon.untrusted.text import one_line

if TYPE_CHECKING:
    from tsmon.load.run.lane import Lane, Links
    from tsmon.load.run.plan import RunPlan
    from tsmon.load.run.requests import ReadyRequest

TICK_S = 0.2
"""Between two increments."""
LANE_RETRY_S = 0.1
"""A lane's rest after a connection that was not accepted."""
GONE_S = 2.0
"""Without an accepted connection, after which the server counts as gone."""
TOGETHER = 32
"""Answers that are judged together: cheaper than one by one, between requests to a busy server that
keep pushing this code out of the processor's caches, and no long pause."""


class Engine:
    """One run, on the loop it is started on."""

    def __init__(
        self,
        plan: RunPlan,
        link: Links,
        requests: Sequence[ReadyRequest],
        report: Callable[[Increment], None],
    ) -> None:
        """`show` gets an increment every `TICK_S` seconds and a last one that is `done`."""
        self._plan = plan
        self._requests = cycle(requests)
        self._key = KeyChange(requests[0].authorization)
        self._report = report
        self._pace: Pace = ClosedPace(plan) if plan.rate is None else OpenPace(plan)
        self._lanes = link.lanes(plan.connections, self)
        self._idle: list[Lane] = []
        self._current = Increment()
        self._unjudged: list[tuple[ReadyRequest, float, bytes]] = []
        """Answers with their response times in seconds."""
        self._notes = RequestNotes(plan.answer_path) if plan.note_each else None
        self._sent = 0
        self._heard = 0
        """Answers, errors among them."""
        self._lost = 0
        """Requests that will not be answered."""
        self._began = 0.0
        """On the clock of `perf_counter`; 0 while the connections are opened."""
        self._ending: StopReason | None = None
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
            end = loop.call_later(self._plan.duration_s, self._end, StopReason.DURATION)
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

    def authorize(self, authorization: str) -> None:
        """Send with this key from now on, and again what was refused for want of it.

        The key there was says that there is no other: what was refused with it has failed.
        """
        for refused in self._key.decide(authorization):
            lane = refused.lane
            if refused.given_up:
                continue
            if self._key.settled:
                self.lane_answered(lane, refused.status, refused.body)
            else:
                self._send(lane, refused.request, lane.due, self._now())

    def stop(self) -> None:
        """Send nothing more; the run ends when the answers under way have come."""
        self._end(StopReason.STOPPED)

    def abandon(self) -> None:
        """Send nothing more and wait for nothing."""
        self._end(StopReason.STOPPED)
        for lane in self._lanes:
            lane.give_up(Failure.ABANDONED, "the run ended before the answer came")

    # Lanes call these.

    def lane_answered(self, lane: Lane, status: int, body: bytes) -> None:
        """Count an answer, and use the lane again."""
        now = perf_counter() - self._began
        request = lane.request
        assert request is not None  # noqa: S101 (a lane reports only what it was sent)
        if is_key_refused(status, body) and self._wait_for_key(lane, status, body):
            return
        self._heard += 1
        if self._notes is not None:
            self._notes.answered(lane, now, status, body, self._began)
        if lane.chunked is not None:
            self._count_chunks(lane, status)
        if 200 <= status < 300:
            self._unjudged.append((request, now - lane.due, body))
        else:
            self._count_refusal(status, body)
        if not self._feed(lane, now):
            self._rest(lane)
        if len(self._unjudged) >= TOGETHER:
            self._judge()

    def lane_failed(self, lane: Lane, kind: Failure, reason: str) -> None:
        """Count a failure; a lane whose server is away rests before its next request."""
        self._count_failure(Cause(kind, words=one_line(reason)))
        self._lost += 1
        if self._notes is not None:
            self._notes.failed(lane, self._now(), kind)
        if kind is Failure.UNREACHABLE:
            self._refused_since = self._refused_since or self._now()
            lane.request = None
            self._end_if_empty()
            asyncio.get_running_loop().call_later(LANE_RETRY_S, self._retry, lane)
        elif not self._feed(lane, self._now()):
            self._rest(lane)

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

    @property
    def _under_way(self) -> int:
        return self._sent - self._heard - self._lost

    def _judge(self) -> None:
        increment, path = self._current, self._plan.answer_path
        for request, seconds, body in self._unjudged:
            increment.times_us.append(round(seconds * 1e6))
            label = request.label
            if label is not None:
                found = predicted(body, path)
                if found is None:
                    increment.unread += 1
                else:
                    score = increment.right if found == label else increment.wrong
                    score[label] += 1
        self._unjudged.clear()

    def _count_refusal(self, status: int, body: bytes) -> None:
        kind, refused = run_refusal(status, body)
        self._count_failure(Cause(kind, status, one_line(refused.message)))
        if self._heard == 1 and is_lasting(refused):
            self._current.refused = refused
            self._end(StopReason.REFUSED)

    def _count_chunks(self, lane: Lane, status: int) -> None:
        chunked, lane.chunked = lane.chunked, None
        if chunked is None or not 200 <= status < 300:
            return
        increment = self._current
        first_s = chunked.first_at - self._began - lane.due
        increment.first_chunk_us.append(round(first_s * 1e6))
        increment.chunks += chunked.chunks
        increment.streaming_us += round((chunked.last_at - chunked.first_at) * 1e6)

    def _count_failure(self, cause: Cause) -> None:
        self._current.failed[cause] += 1

    def _rest(self, lane: Lane) -> None:
        lane.request = None
        self._idle.append(lane)
        self._end_if_empty()

    def _retry(self, lane: Lane) -> None:
        if not self._feed(lane, self._now()):
            self._rest(lane)

    def _feed(self, lane: Lane, now: float) -> bool:
        """Send the next request that is due on this lane, if there is one."""
        due = self._pace.take(now) if self._ending is None else None
        if due is None:
            return False
        self._sent += 1
        self._send(lane, next(self._requests), due, now)
        if self._pace.exhausted:
            self._end(StopReason.COUNT if self._sent == self._plan.count else StopReason.DURATION)
        return True

    def _send(self, lane: Lane, request: ReadyRequest, due: float, now: float) -> None:
        if request.authorization != self._key.authorization:
            request.authorize(self._key.authorization)
        lane.send(request, due, now)

    def _wait_for_key(self, lane: Lane, status: int, body: bytes) -> bool:
        """Keep a request that was refused for its key; False when there is no other key."""
        request = lane.request
        assert request is not None  # noqa: S101 (a lane reports only what it was sent)
        key = self._key
        if lane.authorization != key.authorization:  # it was under way while the key changed
            self._send(lane, request, lane.due, self._now())
            return True
        if key.settled:
            return False
        key.waiting.append(RefusedRequest(lane, request, lane.sent_at, status, body))
        if len(key.waiting) == 1:
            self._current.key_refused = True
            self._flush()
        return True

    def _on_due(self) -> None:
        """Send what is due on the idle lanes, and come back at the next planned start."""
        if self._ending is not None:
            return
        now = self._now()
        self._pace.advance(now)
        while self._idle and self._feed(self._idle[-1], now):
            self._idle.pop()
        start = self._pace.next_start()
        if start is not None and self._ending is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(start - self._now(), self._on_due)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    # How it ends.

    def _end(self, ending: StopReason) -> None:
        if self._ending is None:
            if self._began:
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
                self._end(StopReason.SERVER_GONE)
            self._flush()

    def _give_up_late(self) -> None:
        limit, now = self._plan.timeout_s, self._now()
        for lane in self._lanes:
            if lane.request is not None and now - lane.sent_at > limit:
                lane.give_up(Failure.TIMED_OUT, f"no answer within {period(limit)}")

    def _flush(self, *, done: bool = False) -> None:
        self._judge()
        increment, self._current = self._current, Increment()
        increment.at_s = self._now()
        if self._notes is not None:
            increment.notes = self._notes.take()
        if self._ending is None:
            self._pace.advance(increment.at_s)
        increment.planned = self._pace.planned
        increment.sent, increment.under_way = self._sent, self._under_way
        increment.ending, increment.done = self._ending, done
        self._report(increment)
