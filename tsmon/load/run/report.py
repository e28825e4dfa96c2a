"""What a run gave, while it goes on and at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from tsmon.load.refusals import Cause, Failure
from tsmon.load.run.histogram import Histogram
from tsmon.load.run.increment import Increment, RequestNote, StopReason
from tsmon.telemetry.logs.percentiles import nearest_rank

if TYPE_CHECKING:
    from tsmon.load.run.plan import RunPlan

MOST_CAUSES = 20
"""Different ones that a report names."""


class Latency(Struct, frozen=True):
    """Response times of answered requests in milliseconds, exact and by nearest rank.

    In a closed loop they count from the sending, in an open loop from the planned start. Below
    1000 answers p99.9 is the maximum.
    """

    count: int
    mean: float
    p50: float
    p90: float
    p95: float
    p99: float
    p999: float
    max: float

    @classmethod
    def of(cls, ordered_us: Sequence[int]) -> Latency | None:
        """The percentiles of times in microseconds, ascending; None without times."""
        if not ordered_us:
            return None
        count = len(ordered_us)
        ranks = (
            ordered_us[nearest_rank(percent, count) - 1] for percent in (50, 90, 95, 99, 99.9, 100)
        )
        mean = sum(ordered_us) / len(ordered_us)
        return cls(len(ordered_us), mean / 1000, *(rank / 1000 for rank in ranks))


class Streaming(Struct, frozen=True):
    """Answers that came in chunks."""

    first: Latency
    """Times to the first chunk, counted from where response times are."""
    chunks: int
    """Of all these answers."""
    chunks_per_second: float | None
    """In one answer, after its first chunk; None where each had only one."""


class RunReport(Struct, frozen=True):
    """A run from its start to now, or to its end."""

    plan: RunPlan
    ending: StopReason | None
    """Why nothing more is sent; None while it still is."""
    seconds: float
    """From the start to now or, at the end, to the last answer."""
    planned: int
    """Requests that were due: in an open loop those whose start had come, else those sent."""
    sent: int
    under_way: int
    """Requests sent whose answer is awaited; 0 at the end."""
    latency: Latency | None
    """None before the first answer."""
    right: Mapping[str, int]
    """Right answers by label."""
    wrong: Mapping[str, int]
    """Wrong answers by label."""
    unread: int
    """Answers to labelled images in which no digit was found."""
    causes: Mapping[Cause, int]
    """Requests without an answer by cause, and images that could not be read."""
    histogram: Histogram
    """Of the response times."""
    streaming: Streaming | None = None
    """None where no answer came in chunks."""

    @property
    def answered(self) -> int:
        """Requests with an answer that is no error."""
        return self.latency.count if self.latency else 0

    @property
    def failed(self) -> int:
        """Failures of all kinds."""
        return sum(self.causes.values())

    @property
    def failures(self) -> Mapping[Failure, int]:
        """Failures by kind."""
        kinds: Counter[Failure] = Counter()
        for cause, number in self.causes.items():
            kinds[cause.kind] += number
        return dict(kinds)

    @property
    def examples(self) -> Mapping[Failure, str]:
        """What the first failure of a kind said."""
        said: dict[Failure, str] = {}
        for cause in self.causes:
            said.setdefault(cause.kind, cause.words)
        return said

    @property
    def unsent(self) -> int:
        """Requests of an open loop that were due and for which no connection got free.

        They would have had the longest response times, which are too low by so many.
        """
        return self.planned - self.sent

    @property
    def throughput(self) -> float | None:
        """Answers per second; None before the first."""
        return self.answered / self.seconds if self.answered and self.seconds else None

    @property
    def accuracy(self) -> float | None:
        """Share of the labelled answers that are right, 0 to 1."""
        judged = sum(self.right.values()) + sum(self.wrong.values())
        return sum(self.right.values()) / judged if judged else None


class RunProgress(Struct, frozen=True):
    """A run at one moment, several times a second."""

    so_far: RunReport
    interval_s: float
    """Seconds since the progress before."""
    answered: int
    """Answers in that interval."""
    failed: int
    """Failures in that interval."""
    latency: Latency | None
    """Of the answers in that interval."""
    notes: Sequence[RequestNote] = ()
    """The requests that ended in it, where the plan asks for each."""

    @property
    def throughput(self) -> float | None:
        """Answers per second in the interval."""
        return self.answered / self.interval_s if self.interval_s > 0 else None


class Tally(Struct):
    """Adds increments up."""

    plan: RunPlan
    _last: Increment = field(default_factory=Increment)
    _before_s: float = 0.0
    _times_us: list[int] = field(default_factory=list)
    _right: Counter[str] = field(default_factory=Counter)
    _wrong: Counter[str] = field(default_factory=Counter)
    _unread: int = 0
    _failed: Counter[Cause] = field(default_factory=Counter)
    _first_chunk_us: list[int] = field(default_factory=list)
    _chunks: int = 0
    _streaming_us: int = 0

    def add(self, increment: Increment) -> None:
        """Count an increment."""
        self._before_s, self._last = self._last.at_s, increment
        increment.times_us.sort()
        self._times_us += increment.times_us
        self._times_us.sort()  # two ascending halves, which are merged in linear time
        self._first_chunk_us += sorted(increment.first_chunk_us)
        self._first_chunk_us.sort()
        self._chunks += increment.chunks
        self._streaming_us += increment.streaming_us
        self._right.update(increment.right)
        self._wrong.update(increment.wrong)
        self._unread += increment.unread
        for cause, number in increment.failed.items():
            self._failed[self._bounded(cause)] += number

    @property
    def times_us(self) -> tuple[int, ...]:
        """All response times in microseconds, ascending."""
        return tuple(self._times_us)

    def _bounded(self, cause: Cause) -> Cause:
        """It, without its words where too many different ones came: some name each request."""
        full = len(self._failed) >= MOST_CAUSES and cause not in self._failed
        return Cause(cause.kind, cause.code) if full else cause

    @property
    def undecided(self) -> bool:
        """Whether there are 503s whose cause is not known yet."""
        return any(cause.kind is Failure.NO_CAPACITY for cause in self._failed)

    def decide(self, kind: Failure) -> None:
        """Give those 503s their kind."""
        for cause in [each for each in self._failed if each.kind is Failure.NO_CAPACITY]:
            self._failed[replace(cause, kind=kind)] += self._failed.pop(cause)

    def progress(self) -> RunProgress:
        """The last increment and what led to it."""
        last = self._last
        return RunProgress(
            self.report(),
            last.at_s - self._before_s,
            len(last.times_us),
            last.failed.total(),
            Latency.of(last.times_us),
            last.notes,
        )

    def report(self) -> RunReport:
        """The run so far."""
        last = self._last
        return RunReport(
            self.plan,
            last.ending,
            last.at_s,
            last.planned,
            last.sent,
            last.under_way,
            Latency.of(self._times_us),
            dict(self._right),
            dict(self._wrong),
            self._unread,
            dict(self._failed.most_common()),
            Histogram.of(self._times_us),
            self._streaming(),
        )

    def _streaming(self) -> Streaming | None:
        first = Latency.of(self._first_chunk_us)
        if first is None:
            return None
        later, seconds = self._chunks - first.count, self._streaming_us / 1e6
        rate = later / seconds if later and seconds else None
        return Streaming(first, self._chunks, rate)
