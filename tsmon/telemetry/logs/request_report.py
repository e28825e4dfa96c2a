"""What is reported of the times of single requests, and the samples that it is made of."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct, field

from tsmon.logs.lines import logged_as
from tsmon.telemetry.logs.duration_stats import DurationStats
from tsmon.telemetry.logs.percentiles import Percentiles
from tsmon.torchserve.errors import SERVER_ERROR

if TYPE_CHECKING:
    from tsmon.logs.lines import WorkerNames

MINUTE_S = 60.0
KEPT_S = 300.0
"""The longest window."""


class RequestPhase(StrEnum):
    """Which stretch of a request's life a time is of."""

    TOTAL = "total"
    """From the full request to the answer's headers."""
    INFERENCE = "inference"
    """Queue and backend together."""
    QUEUE = "queue"
    """Waiting for a worker."""
    BACKEND = "backend"
    """From handing it to the worker to the answer's being sent."""
    HANDLER = "handler"
    """Inside the model's own code."""

    @property
    def per_ms(self) -> int:
        """How many of the units that the log has of it a millisecond has."""
        return 1 if self in (RequestPhase.TOTAL, RequestPhase.HANDLER) else 1_000_000


READING_PARTS = (RequestPhase.INFERENCE, RequestPhase.QUEUE)
"""The times of which each reading's percentiles are computed."""


class TimesKey(NamedTuple):
    """A version of a model; an empty version is the default one of the moment."""

    model: str
    version: str


def times_keys(key: tuple[str, str], names: WorkerNames) -> list[TimesKey]:
    """What the requests of a registered version are kept under: its workers' names, its path."""
    if not names.are_of_one(*key):
        return []
    return list(dict.fromkeys((TimesKey(*logged_as(*key)), TimesKey(*key))))


Profile = dict[RequestPhase, Percentiles]
"""Percentiles of each part that there are samples of, in milliseconds."""


class WorkerShare(Struct, frozen=True):
    """What one worker did since the reading before."""

    requests: int
    busy_ms: float
    """The backend times of those requests, added up."""

    def __add__(self, other: WorkerShare) -> WorkerShare:
        return WorkerShare(self.requests + other.requests, self.busy_ms + other.busy_ms)


class LastReading(Struct, frozen=True):
    """The requests of one version that the last reading of the log files brought.

    One that came soon after another, as after a change, is reported together with that one.
    """

    seconds: float
    """Since the reading before those."""
    requests: int
    """How many ended, in whatever way."""
    failed: int
    """How many of them ended with a status of 400 or above."""
    profile: Profile = field(default_factory=dict)
    """Percentiles of their `READING_PARTS`."""
    workers: Mapping[str, WorkerShare] = field(default_factory=dict)
    """By worker id; those that answered nothing are not in it."""
    times: bytes = b""
    """How many of this reading alone had which inference time, see `time_buckets`: what several
    readings have can be added up."""


class RequestReport(Struct, frozen=True):
    """What the log files say of the requests of one version."""

    minute: Profile
    five_minutes: Profile
    statuses: Mapping[int, int]
    """How many requests of the last five minutes ended with which HTTP status."""
    backend: DurationStats | None = None
    """Of the backend times of the last minute; None without one, and in a recording."""
    long_backend: DurationStats | None = None
    """The same of the last five minutes."""
    batches: Mapping[int, DurationStats] = field(default_factory=dict)
    """Of the handler's times for batches of each size in the last minute; none in a recording."""
    long_batches: Mapping[int, DurationStats] = field(default_factory=dict)
    """The same of the last five minutes."""
    last: LastReading | None = None
    """None where it is not known: at a first reading, in an older recording."""
    minute_statuses: Mapping[int, int] = field(default_factory=dict)
    """Like `statuses`, of the last minute; none in an older recording."""

    @property
    def failed(self) -> int:
        """How many requests of the last minute ended with an error of the server's, 5xx."""
        return sum(n for status, n in self.minute_statuses.items() if status >= SERVER_ERROR)

    @property
    def errors_per_second(self) -> float | None:
        """Requests of the last reading that ended with a status of 400 or above."""
        last = self.last
        return last.failed / last.seconds if last and last.seconds > 0 else None

    @property
    def failing_share(self) -> float:
        """Which share of the last minute's requests did, 0 to 1; 0 without any request."""
        ended = sum(self.minute_statuses.values())
        return self.failed / ended if ended else 0.0


def _numbers() -> array[float]:
    return array("d")


class Samples(Struct):
    """What was read of one version: a number per request and part, in the units of the log."""

    total: array[float] = field(default_factory=_numbers)
    """Milliseconds."""
    queue: array[float] = field(default_factory=_numbers)
    """Nanoseconds."""
    backend: array[float] = field(default_factory=_numbers)
    """Nanoseconds, in the same order."""
    handler: array[float] = field(default_factory=_numbers)
    """Milliseconds."""
    batches: dict[int, array[float]] = field(default_factory=dict)
    """Milliseconds of each batch in the model's own code, by its size."""
    statuses: Counter[int] = field(default_factory=Counter)
    """How many requests ended with which HTTP status."""
    workers: dict[str, array[float]] = field(default_factory=dict)
    """The backend nanoseconds of each worker's requests, by worker id."""
