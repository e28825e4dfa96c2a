"""The times of single requests, per model and version, and their quantiles over windows."""

from __future__ import annotations

from array import array
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import reduce
from itertools import chain

from tsmon.telemetry.logs.lines import Answered, Handled, RequestLine, Waited
from tsmon.telemetry.logs.quantiles import Quantiles

MINUTE_S = 60.0
KEPT_S = 300.0
"""The longest window."""


class Part(StrEnum):
    """Which stretch of a request's life a time is of."""

    TOTAL = "total"
    """From the full request to the answer's headers."""
    INFERENCE = "inference"
    """Queue and backend together: what ts_inference_latency_microseconds adds up."""
    QUEUE = "queue"
    """Waiting for a worker."""
    BACKEND = "backend"
    """From handing it to the worker to the worker's answer."""
    HANDLER = "handler"
    """Inside the model's own code."""


@dataclass(frozen=True, slots=True)
class TimesKey:
    """A version of a model; an empty version is the default one of the moment."""

    model: str
    version: str


Profile = dict[Part, Quantiles]
"""Quantiles of each part that there are samples of, in milliseconds."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean and variability of times, exact."""

    count: int
    total: float
    """Milliseconds, all times together."""
    squares: float
    """Of milliseconds, all squared times together."""

    @classmethod
    def of(cls, values: Iterable[float]) -> Moments:
        """The moments of these milliseconds."""
        kept = array("d", values)
        return cls(len(kept), sum(kept), sum(value * value for value in kept))

    def __add__(self, other: Moments) -> Moments:
        return Moments(
            self.count + other.count, self.total + other.total, self.squares + other.squares
        )

    @property
    def mean(self) -> float:
        """Milliseconds; 0 without times."""
        return self.total / self.count if self.count else 0.0

    @property
    def scv(self) -> float:
        """Squared coefficient of variation, variance / mean²: 0 constant, 1 exponential."""
        if not self.mean:
            return 0.0
        return max(self.squares / self.count / self.mean**2 - 1, 0.0)


@dataclass(frozen=True, slots=True)
class RequestReport:
    """What the log files say of the requests of one version."""

    minute: Profile
    five_minutes: Profile
    statuses: Mapping[int, int]
    """How many requests of the last five minutes ended with which HTTP status."""
    backend: Moments | None = None
    """Of the backend times of the last minute; None without one, and in a recording."""
    long_backend: Moments | None = None
    """The same of the last five minutes."""


@dataclass(slots=True)
class _Slot:
    """What one reading of the logs brought for one version."""

    at: float
    samples: dict[Part, array[float]]
    statuses: Counter[int] = field(default_factory=Counter)
    backend: Moments = Moments(0, 0.0, 0.0)

    @classmethod
    def new(cls, at: float) -> _Slot:
        return cls(at, {part: array("d") for part in Part})

    def close(self) -> None:
        """Sort and add up, so that merging slots later costs little."""
        for part, values in self.samples.items():
            self.samples[part] = array("d", sorted(values))
        self.backend = Moments.of(self.samples[Part.BACKEND])


class RequestTimes:
    """Keeps the samples of the last `KEPT_S` seconds exactly.

    Times of day are the caller's, in seconds on any clock; a sample counts for the moment it was
    read at. At 1,000 requests a second the samples take about 10 MB.
    """

    def __init__(self) -> None:
        self._slots: dict[TimesKey, deque[_Slot]] = {}

    def add(self, lines: Iterable[RequestLine], at: float) -> None:
        """Take the lines read at one moment."""
        fresh: dict[TimesKey, _Slot] = {}
        for line in lines:
            key = _key(line)
            slot = fresh.get(key)
            if slot is None:
                slot = fresh[key] = _Slot.new(at)
            _put(slot, line)
        for key, slot in fresh.items():
            slot.close()
            self._slots.setdefault(key, deque()).append(slot)
        self._forget(at)

    def report(self, keys: Sequence[TimesKey], now: float) -> RequestReport | None:
        """The windows up to `now` of several keys together; None when there was no request."""
        if not any(key in self._slots for key in keys):
            return None
        return RequestReport(
            minute=self.profile(keys, now - MINUTE_S),
            five_minutes=self.profile(keys, now - KEPT_S),
            statuses=self.statuses(keys, now - KEPT_S),
            backend=self.backend(keys, now - MINUTE_S),
            long_backend=self.backend(keys, now - KEPT_S),
        )

    def keys(self) -> set[TimesKey]:
        """The versions there are samples of."""
        return set(self._slots)

    def profile(self, keys: Iterable[TimesKey], since: float) -> Profile:
        """Quantiles of the requests read after `since`, of several keys together."""
        slots = list(self._recent(keys, since))
        profile = {}
        for part in Part:
            # Timsort merges the sorted slots in one pass.
            ordered = sorted(chain.from_iterable(slot.samples[part] for slot in slots))
            quantiles = Quantiles.of(ordered)
            if quantiles is not None:
                profile[part] = quantiles
        return profile

    def backend(self, keys: Iterable[TimesKey], since: float) -> Moments | None:
        """Moments of the backend times read after `since`; None without any."""
        moments = reduce(
            Moments.__add__,
            (slot.backend for slot in self._recent(keys, since)),
            Moments(0, 0.0, 0.0),
        )
        return moments if moments.count else None

    def statuses(self, keys: Iterable[TimesKey], since: float) -> Counter[int]:
        """How many requests ended with which HTTP status after `since`."""
        total: Counter[int] = Counter()
        for slot in self._recent(keys, since):
            total += slot.statuses
        return total

    def _recent(self, keys: Iterable[TimesKey], since: float) -> Iterator[_Slot]:
        for key in keys:
            for slot in reversed(self._slots.get(key, ())):
                if slot.at <= since:
                    break
                yield slot

    def _forget(self, now: float) -> None:
        for key, slots in list(self._slots.items()):
            while slots and now - slots[0].at > KEPT_S:
                slots.popleft()
            if not slots:
                del self._slots[key]


def _key(line: RequestLine) -> TimesKey:
    if isinstance(line, Answered):
        return TimesKey(line.model, line.version)
    return TimesKey(line.worker.model, line.worker.version)


def _put(slot: _Slot, line: RequestLine) -> None:
    if isinstance(line, Answered):
        slot.statuses[line.status] += 1
        if 200 <= line.status < 300:
            slot.samples[Part.TOTAL].append(line.milliseconds)
    elif isinstance(line, Waited):
        if not line.failed:
            slot.samples[Part.INFERENCE].append(line.queue_ms + line.backend_ms)
            slot.samples[Part.QUEUE].append(line.queue_ms)
            slot.samples[Part.BACKEND].append(line.backend_ms)
    elif isinstance(line, Handled):
        slot.samples[Part.HANDLER].extend([line.milliseconds] * line.requests)
