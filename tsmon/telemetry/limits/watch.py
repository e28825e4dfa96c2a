"""Follows from tick to tick how the models of a server stand to their limits.

A limit is exceeded once its condition has held for as long as it says, by the clocks of the ticks,
and over once it has not held for as long as that. A number that is not known breaks off either, and
so does a time without ticks: what was then is not known.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Generator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from tsmon.telemetry.instant import Instant
from tsmon.telemetry.limits.figures import figure_of
from tsmon.telemetry.limits.limit import Limit, LimitStatus
from tsmon.telemetry.limits.restarts import Restarts
from tsmon.telemetry.series.watched import WatchedSeries, matches

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelKey, ModelStatus, Snapshot

LONGEST_GAP_S = 90.0
"""From one tick to the next; after a longer time nothing is known of the time between."""
STEP = 250
"""Models that are judged without a break: 2 ms with four limits on each."""
MOST_TURNS = 1000
"""Of one limit on one model, as many are remembered."""


class _Course(Struct):
    """How one model has stood to one limit."""

    last: LimitStatus
    turned: Instant | None = None
    """Since when the condition says the opposite of what counts; None while it does not."""
    turns: deque[float] | None = None
    """When it was exceeded and over, by turns, on the monotonic clock."""


class LimitWatch:
    """The limits of one server's models."""

    def __init__(self, limits: Sequence[Limit] = (), *, remembers: bool = False) -> None:
        """One that remembers can say later how it was at an earlier tick."""
        self.limits: tuple[Limit, ...] = ()
        self._remembers = remembers
        self._courses: dict[tuple[ModelKey | str, str], _Course] = {}
        self._covering: dict[ModelKey, tuple[Limit, ...]] = {}
        self._restarts: Restarts | None = None
        self._last: Instant | None = None
        self.hold_to(limits)

    def hold_to(self, limits: Sequence[Limit]) -> None:
        """Judge by these limits from the next tick on; what stays the same goes on as it was."""
        self.limits = tuple(limits)
        self._covering.clear()
        for each, course in list(self._courses.items()):
            if course.last.limit not in self.limits:
                del self._courses[each]
        windows = [each.condition.window_s or 0.0 for each in limits if _counts(each)]
        if windows and (self._restarts is None or self._restarts.longest_s < max(windows)):
            self._restarts = Restarts(max(windows))

    def judge(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot with how its models stand to their limits."""
        steps = self.judging(snapshot)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                judged: Snapshot = end.value
                return judged

    def judging(self, snapshot: Snapshot) -> Generator[None, None, Snapshot]:
        """The same step by step, so that a key need not wait for thousands of models."""
        if not self.limits:
            return snapshot
        at, last, self._last = snapshot.at, self._last, snapshot.at
        if last is not None and at.since(last) > LONGEST_GAP_S:
            for course in self._courses.values():
                course.turned = None
        models = []
        for number, model in enumerate(snapshot.models, 1):
            models.append(self._judged(snapshot, model))
            if number % STEP == 0:
                yield
        if not snapshot.stale:
            self._forget({model.key for model in models if not model.gone}, at)
        series = tuple(self._judged_series(each, at) for each in snapshot.series)
        return replace(snapshot, models=tuple(models), series=series)

    @property
    def series(self) -> tuple[str, ...]:
        """The series that limits are about, as patterns."""
        return tuple(limit.series for limit in self.limits if limit.series)

    def _judged_series(self, series: WatchedSeries, at: Instant) -> WatchedSeries:
        found = []
        for limit in self.limits:
            if limit.series and matches(limit.series, series.text):
                is_rate = limit.condition.quantity == "rate"
                value = series.per_second if is_rate else series.value
                found.append(self._follow(series.text, limit, value, at))
        return replace(series, limits=tuple(found)) if found else series

    def recalled(self, snapshot: Snapshot) -> Snapshot:
        """A snapshot of before as `judge` gave it; of one that was not judged yet, what is known.

        The counts of restarts are not known again.
        """
        if not self.limits:
            return snapshot
        models = tuple(self._recalled(snapshot, model) for model in snapshot.models)
        return replace(snapshot, models=models)

    def _judged(self, snapshot: Snapshot, model: ModelStatus) -> ModelStatus:
        limits = self._limits_on(model.key)
        if not limits or model.gone:
            return model
        if self._restarts is not None and not snapshot.stale and model.workers_known:
            self._restarts.observe(model, snapshot.at.monotonic)
        return replace(
            model, limits=tuple([self._status(snapshot, model, limit) for limit in limits])
        )

    def _status(self, snapshot: Snapshot, model: ModelStatus, limit: Limit) -> LimitStatus:
        return self._follow(model.key, limit, self._figure(snapshot, model, limit), snapshot.at)

    def _follow(
        self, subject: ModelKey | str, limit: Limit, value: float | None, at: Instant
    ) -> LimitStatus:
        """How a version, or a series by its text, stands to a limit with this number."""
        course = self._courses.get((subject, limit.name))
        if course is None:
            turns = deque[float](maxlen=MOST_TURNS) if self._remembers else None
            course = self._courses[subject, limit.name] = _Course(LimitStatus(limit), turns=turns)
        last, holds = course.last, limit.condition.holds(value)
        exceeded = last.exceeded
        if holds is None or holds is exceeded:
            course.turned = None
        else:
            course.turned = course.turned or at
            if at.since(course.turned) >= (limit.clear_s if exceeded else limit.condition.for_s):
                exceeded, course.turned = holds, None
                if course.turns is not None:
                    course.turns.append(at.monotonic)
        since = course.turned
        if exceeded:
            since = last.since if last.exceeded else at
        status = LimitStatus(limit, exceeded, value, since)
        if status != last:  # the same object is put away once
            course.last = status
        return course.last

    def _recalled(self, snapshot: Snapshot, model: ModelStatus) -> ModelStatus:
        # Ticks may be judged in another thread meanwhile: nothing is changed here.
        limits = [limit for limit in self.limits if limit.covers(*model.key) and not model.gone]
        if self._last is None or snapshot.at.since(self._last) > 0:
            return replace(model, limits=tuple(map(LimitStatus, limits)))
        found = []
        for limit in limits:
            course = self._courses.get((model.key, limit.name))
            turns = list(course.turns or ()) if course else []
            passed = bisect_right(turns, snapshot.at.monotonic)
            # The last one says what counts now, so that those before follow from it.
            exceeded = bool(course and course.last.exceeded) is ((len(turns) - passed) % 2 == 0)
            since = None
            if exceeded and passed:
                since = _moment(snapshot.at, turns[passed - 1])
            value = None if _counts(limit) else figure_of(snapshot, model, limit.condition)
            found.append(LimitStatus(limit, exceeded, value, since))
        return replace(model, limits=tuple(found))

    def _figure(self, snapshot: Snapshot, model: ModelStatus, limit: Limit) -> float | None:
        if not _counts(limit):
            return figure_of(snapshot, model, limit.condition)
        if self._restarts is None or snapshot.stale or not model.workers_known:
            return None
        window_s = limit.condition.window_s or 0.0
        return self._restarts.within(model.key, window_s, snapshot.at.monotonic)

    def _limits_on(self, key: ModelKey) -> tuple[Limit, ...]:
        found = self._covering.get(key)
        if found is None:
            found = tuple(limit for limit in self.limits if limit.covers(key.name, key.version))
            self._covering[key] = found
        return found

    def _forget(self, present: set[ModelKey], at: Instant) -> None:
        """Let go of models that are not there any more."""
        if gone := self._covering.keys() - present:
            for key in gone:
                del self._covering[key]
                if self._restarts is not None:
                    self._restarts.forget(key)
            for each in [each for each in self._courses if each[0] in gone]:
                turns = self._courses[each].turns
                if turns is None:
                    del self._courses[each]
                    continue
                if self._courses[each].last.exceeded:
                    turns.append(at.monotonic)
                limit = self._courses[each].last.limit
                self._courses[each] = _Course(LimitStatus(limit), turns=turns)


def _counts(limit: Limit) -> bool:
    return limit.condition.quantity == "restarts"


def _moment(at: Instant, monotonic: float) -> Instant:
    """A moment of the monotonic clock, by a later one on both."""
    return Instant(monotonic, at.wall - timedelta(seconds=at.monotonic - monotonic))
