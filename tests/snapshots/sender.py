"""In place of the process that sends: it tells what a run gave, the same each time."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Callable

from tsmon.load.refusals import Cause, Failure
from tsmon.load.run.child import ABANDON, STOP, read_job
from tsmon.load.run.increment import Increment, StopReason
from tsmon.load.run.plan import RunPlan

STEP_S = 0.25
LONG_S = 60.0
"""A run that is to last as long is played up to its tenth second."""


class PlayedSender:
    """A subprocess as `Run` sees it: a job and orders go in, increments come out."""

    returncode = 0

    def __init__(
        self,
        per_second: float,
        begins: Callable[[RunPlan], None],
        *,
        share: float = 1.0,
        least_us: float = 6000,
    ) -> None:
        """`begins` hears of the run, for example to count its requests on the fake server.

        With a `share` below 1 it stops in the midst of its requests and waits for orders.
        """
        self._share = share
        self._least_us = least_us
        self.stdout = asyncio.StreamReader(limit=2**24)
        self.stdin = self
        self._per_second = per_second
        self._begins = begins
        self._sent = 0
        self._at_s = 0.0

    def write(self, line: bytes) -> None:
        """A job or an order."""
        if line in {STOP, ABANDON}:
            self._tell(Increment(ending=StopReason.STOPPED, done=True), 0)
            return
        plan = read_job(line).plan
        self._begins(plan)
        length_s = 10.0 if plan.duration_s >= LONG_S else plan.duration_s
        most = round(plan.count * self._share)
        while self._at_s < length_s and self._sent < most:
            self._at_s = round(self._at_s + STEP_S, 2)
            due = min(round(self._at_s * self._per_second), most) - self._sent
            self._tell(Increment(under_way=plan.connections), due)
        if self._sent == plan.count:
            self._tell(Increment(ending=StopReason.COUNT, done=True), 0)
        elif plan.duration_s < LONG_S and self._share == 1:
            self._tell(Increment(ending=StopReason.DURATION, done=True), 0)

    def is_closing(self) -> bool:
        """It never is."""
        return False

    def close(self) -> None:
        """No more orders come."""

    async def communicate(self) -> tuple[bytes, bytes]:
        """It ended well."""
        return b"", b""

    def _tell(self, increment: Increment, answers: int) -> None:
        """One increment; of the answers one in a hundred is wrong."""
        numbers = range(self._sent, self._sent + answers)
        self._sent += answers + increment.failed.total()
        increment.at_s, increment.sent, increment.planned = self._at_s, self._sent, self._sent
        increment.times_us = [self._time_us(number) for number in numbers]
        wrong = Counter(str(number % 10) for number in numbers if number % 100 == 37)
        increment.right = Counter(str(number % 10) for number in numbers) - wrong
        increment.wrong = wrong
        self.stdout.feed_data(increment.to_line())

    def _time_us(self, number: int) -> int:
        """Most answers come quickly, a few late, and it gets slower with time."""
        share = number * 0.6180339887 % 1
        slower = 1 + self._at_s / 30
        return round(self._least_us * slower * math.pow(1 - share * 0.999, -0.3))


class RefusedSender(PlayedSender):
    """A server that takes only every other request."""

    def _tell(self, increment: Increment, answers: int) -> None:
        cause = Cause(Failure.NO_CAPACITY, 503, 'Model "mnist" has no worker to serve requests')
        increment.failed = Counter({cause: answers // 2}) if answers else Counter()
        super()._tell(increment, answers - answers // 2)
