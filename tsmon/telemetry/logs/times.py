"""The times of single requests, per model and version, and their quantiles over windows."""

from __future__ import annotations

from array import array
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import reduce
from operator import add

from tsmon.telemetry.logs.moments import Moments
from tsmon.telemetry.logs.quantiles import Quantiles

MINUTE_S = 60.0
KEPT_S = 300.0
"""The longest window."""
OLDER_S = 5.0
"""Samples that left the shorter window are kept in slots of this length, and the longer window's
quantiles are computed so often."""


class Part(StrEnum):
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
        return 1 if self in (Part.TOTAL, Part.HANDLER) else 1_000_000


@dataclass(frozen=True, slots=True)
class TimesKey:
    """A version of a model; an empty version is the default one of the moment."""

    model: str
    version: str


Profile = dict[Part, Quantiles]
"""Quantiles of each part that there are samples of, in milliseconds."""


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
    batches: Mapping[int, Moments] = field(default_factory=dict)
    """Of the handler's times for batches of each size in the last minute; none in a recording."""
    long_batches: Mapping[int, Moments] = field(default_factory=dict)
    """The same of the last five minutes."""


def _numbers() -> array[float]:
    return array("d")


@dataclass(slots=True)
class Samples:
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
    failed_by_worker: int = 0
    """How many of those did with 5xx at a worker, and not for want of one."""


class _Slot:
    """The samples of a stretch of time, each part in ascending order."""

    def __init__(self, at: float, samples: Samples) -> None:
        self.began = self.ended = at
        self.statuses = samples.statuses
        self.backend = Moments.of(each / Part.BACKEND.per_ms for each in samples.backend)
        self.batches = {size: Moments.of(times) for size, times in samples.batches.items()}
        inference = map(add, samples.queue, samples.backend)
        self.parts = {
            Part.TOTAL: _ascending(samples.total),
            Part.INFERENCE: _ascending(inference),
            Part.QUEUE: _ascending(samples.queue),
            Part.BACKEND: _ascending(samples.backend),
            Part.HANDLER: _ascending(samples.handler),
        }

    def append(self, later: _Slot) -> None:
        """Take the samples of the slot that follows."""
        self.ended = later.ended
        self.statuses += later.statuses
        self.backend += later.backend
        self.batches = _together([self.batches, later.batches])
        for part, samples in later.parts.items():
            # Timsort merges two ascending runs in one pass.
            self.parts[part] = _ascending([*self.parts[part], *samples])


def _together(parts: Iterable[Mapping[int, Moments]]) -> dict[int, Moments]:
    """The moments of several stretches of time, by the batches' size."""
    total: dict[int, Moments] = {}
    for part in parts:
        for size, moments in part.items():
            total[size] = total[size] + moments if size in total else moments
    return total


def _ascending(samples: Iterable[float]) -> array[float]:
    return array("d", sorted(samples))


class _Slots:
    """The slots of one version: each reading's for a minute, then longer ones."""

    def __init__(self) -> None:
        self._older: deque[_Slot] = deque()
        self._recent: deque[_Slot] = deque()

    def add(self, slot: _Slot) -> None:
        self._recent.append(slot)

    def since(self, moment: float) -> Iterator[_Slot]:
        """Those that ended after this moment, the last first."""
        for slots in (self._recent, self._older):
            for slot in reversed(slots):
                if slot.ended <= moment:
                    return
                yield slot

    def age(self, now: float) -> bool:
        """Put together what left the minute and let go of what left all; whether any is left."""
        while self._recent and now - self._recent[0].ended > MINUTE_S:
            slot = self._recent.popleft()
            if self._older and slot.ended - self._older[-1].began < OLDER_S:
                self._older[-1].append(slot)
            else:
                self._older.append(slot)
        while self._older and now - self._older[0].ended > KEPT_S:
            self._older.popleft()
        return bool(self._recent or self._older)


class RequestTimes:
    """Keeps the samples of the last `KEPT_S` seconds exactly.

    Moments are the caller's, in seconds on any clock; a sample counts for the moment it was read
    at. The longest window may have up to `OLDER_S` more than its length. At 1,000 requests a
    second the samples take about 12 MB.
    """

    def __init__(self) -> None:
        self._slots: dict[TimesKey, _Slots] = {}
        self._long: dict[tuple[TimesKey, ...], tuple[float, Profile]] = {}

    def add(self, found: Mapping[TimesKey, Samples], at: float) -> None:
        """Take what was read at one moment."""
        for key, samples in found.items():
            self._slots.setdefault(key, _Slots()).add(_Slot(at, samples))
        self._slots = {key: slots for key, slots in self._slots.items() if slots.age(at)}
        self._long = {
            keys: entry for keys, entry in self._long.items() if at - entry[0] < 2 * OLDER_S
        }

    def report(self, keys: Sequence[TimesKey], now: float) -> RequestReport | None:
        """The windows up to `now` of several keys together; None when there was no request."""
        if not any(key in self._slots for key in keys):
            return None
        return RequestReport(
            minute=self.profile(keys, now - MINUTE_S),
            five_minutes=self._long_profile(tuple(keys), now),
            statuses=self.statuses(keys, now - KEPT_S),
            backend=self.backend(keys, now - MINUTE_S),
            long_backend=self.backend(keys, now - KEPT_S),
            batches=self.batches(keys, now - MINUTE_S),
            long_batches=self.batches(keys, now - KEPT_S),
        )

    def keys(self) -> set[TimesKey]:
        """The versions there are samples of."""
        return set(self._slots)

    def _long_profile(self, keys: tuple[TimesKey, ...], now: float) -> Profile:
        """The longest window's profile, at most `OLDER_S` old; it costs the most."""
        computed, profile = self._long.get(keys, (now, None))
        if profile is None or now - computed >= OLDER_S:
            profile = self.profile(keys, now - KEPT_S)
            self._long[keys] = now, profile
        return profile

    def profile(self, keys: Iterable[TimesKey], since: float) -> Profile:
        """Quantiles of the requests read after `since`, of several keys together."""
        slots = list(self._since(keys, since))
        profile = {}
        for part in Part:
            quantiles = Quantiles.of([slot.parts[part] for slot in slots], part.per_ms)
            if quantiles is not None:
                profile[part] = quantiles
        return profile

    def backend(self, keys: Iterable[TimesKey], since: float) -> Moments | None:
        """Moments of the backend times read after `since`; None without any."""
        slots = self._since(keys, since)
        moments = reduce(Moments.__add__, (slot.backend for slot in slots), Moments(0, 0.0, 0.0))
        return moments if moments.count else None

    def batches(self, keys: Iterable[TimesKey], since: float) -> dict[int, Moments]:
        """Moments of the handler's times for a batch read after `since`, by the batch's size."""
        return _together(slot.batches for slot in self._since(keys, since))

    def statuses(self, keys: Iterable[TimesKey], since: float) -> Counter[int]:
        """How many requests ended with which HTTP status after `since`."""
        total: Counter[int] = Counter()
        for slot in self._since(keys, since):
            total.update(slot.statuses)
        return total

    def _since(self, keys: Iterable[TimesKey], moment: float) -> Iterator[_Slot]:
        for key in keys:
            if key in self._slots:
                yield from self._slots[key].since(moment)
