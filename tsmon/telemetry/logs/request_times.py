"""The requests of the last minutes, per model and version, and their percentiles over windows."""

from __future__ import annotations

from array import array
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from operator import add
from typing import NamedTuple

from tsmon.telemetry.intervals import IntervalFilter
from tsmon.telemetry.logs.duration_stats import DurationStats
from tsmon.telemetry.logs.percentiles import Percentiles
from tsmon.telemetry.logs.request_report import (
    KEPT_S,
    MINUTE_S,
    READING_PARTS,
    LastReading,
    Profile,
    RequestPhase,
    RequestReport,
    Samples,
    TimesKey,
    WorkerShare,
)
from tsmon.telemetry.logs.time_buckets import count_times, pack_counts

OLDER_S = 5.0
"""Samples that left the shorter window are kept in slots of this length, and the longer window's
percentiles are computed so often where few samples come."""
FEW = 0.02
"""The share of new samples in the longer window that its percentiles may go without."""
FAILED = 400
"""The least HTTP status of a request that failed."""


class _Slot:
    """The samples of a stretch of time, each part in ascending order."""

    def __init__(self, at: float, samples: Samples) -> None:
        self.began = self.ended = at
        self.statuses = samples.statuses
        self.workers = {
            worker: WorkerShare(len(times), sum(times) / RequestPhase.BACKEND.per_ms)
            for worker, times in samples.workers.items()
        }
        self.backend = DurationStats.of(
            each / RequestPhase.BACKEND.per_ms for each in samples.backend
        )
        self.batches = {size: DurationStats.of(times) for size, times in samples.batches.items()}
        inference = map(add, samples.queue, samples.backend)
        self.parts = {
            RequestPhase.TOTAL: _ascending(samples.total),
            RequestPhase.INFERENCE: _ascending(inference),
            RequestPhase.QUEUE: _ascending(samples.queue),
            RequestPhase.BACKEND: _ascending(samples.backend),
            RequestPhase.HANDLER: _ascending(samples.handler),
        }

    @property
    def size(self) -> int:
        """How many samples it has, of one kind or another."""
        return self.statuses.total() + len(self.parts[RequestPhase.BACKEND])

    def append(self, later: _Slot) -> None:
        """Take the samples of the slot that follows."""
        self.ended = later.ended
        self.statuses += later.statuses
        self.backend += later.backend
        self.batches = _together([self.batches, later.batches])
        for part, samples in later.parts.items():
            # Timsort merges two ascending runs in one pass.
            self.parts[part] = _ascending([*self.parts[part], *samples])


def _together(parts: Iterable[Mapping[int, DurationStats]]) -> dict[int, DurationStats]:
    """The moments of several stretches of time, by the batches' size."""
    total: dict[int, DurationStats] = {}
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


class _LongProfile(NamedTuple):
    """The longest window's percentiles, and of when and how many samples they are."""

    at: float
    size: int
    profile: Profile


class RequestTimes:
    """Keeps the samples of the last `KEPT_S` seconds exactly.

    Moments are the caller's, in seconds on any clock; a sample counts for the moment it was read
    at. The longest window may have up to `OLDER_S` more than its length. At 1,000 requests a
    second the samples take about 12 MB.
    """

    def __init__(self) -> None:
        self._slots: dict[TimesKey, _Slots] = {}
        self._long: dict[tuple[TimesKey, ...], _LongProfile] = {}
        self._read: float | None = None
        self._read_before: float | None = None
        self._closed_at: float | None = None
        """The last reading that was not soon after another; it ends one stretch of time."""
        self._closed_before: float | None = None
        self._pace = IntervalFilter()

    def add(self, found: Mapping[TimesKey, Samples], at: float) -> None:
        """Take what was read at one moment."""
        self._read_before, self._read = self._read, at
        if self._closed_at is None:
            self._closed_at = at
        elif self._pace.is_due(at - self._closed_at):
            self._pace.keep(at - self._closed_at)
            self._closed_before, self._closed_at = self._closed_at, at
        for key, samples in found.items():
            self._slots.setdefault(key, _Slots()).add(_Slot(at, samples))
        self._slots = {key: slots for key, slots in self._slots.items() if slots.age(at)}
        self._long = {
            keys: entry for keys, entry in self._long.items() if at - entry.at < 2 * OLDER_S
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
            last=self._last_reading(keys),
            minute_statuses=self.statuses(keys, now - MINUTE_S),
        )

    def keys(self) -> set[TimesKey]:
        """The versions there are samples of."""
        return set(self._slots)

    def _long_profile(self, keys: tuple[TimesKey, ...], now: float) -> Profile:
        """The longest window's profile, which costs the most.

        It is at most `OLDER_S` old and has all but `FEW` of the samples, so that it never
        rests on fewer requests than the shorter window beside it.
        """
        known = self._long.get(keys)
        size, of_minute = (
            sum(slot.size for slot in self._since(keys, now - length))
            for length in (KEPT_S, MINUTE_S)
        )
        least = max(size * (1 - FEW), of_minute)
        if known is None or now - known.at >= OLDER_S or known.size < least:
            known = _LongProfile(now, size, self.profile(keys, now - KEPT_S))
            self._long[keys] = known
        return known.profile

    def _last_reading(self, keys: Sequence[TimesKey]) -> LastReading | None:
        before, read = self._closed_before, self._read
        if before is None or read is None:
            return None
        statuses = self.statuses(keys, before)
        return LastReading(
            read - before,
            statuses.total(),
            sum(count for status, count in statuses.items() if status >= FAILED),
            self.profile(keys, before, READING_PARTS),
            self._shares(keys, before),
            self._times(keys),
        )

    def _times(self, keys: Iterable[TimesKey]) -> bytes:
        """How many requests of the newest reading had which inference time."""
        if self._read_before is None:
            return b""
        part = RequestPhase.INFERENCE
        runs = (slot.parts[part] for slot in self._since(keys, self._read_before))
        return pack_counts(count_times(runs, part.per_ms))

    def _shares(self, keys: Iterable[TimesKey], since: float) -> dict[str, WorkerShare]:
        """What each worker did in the readings after `since`."""
        shares: dict[str, WorkerShare] = {}
        for slot in self._since(keys, since):
            for worker, share in slot.workers.items():
                shares[worker] = shares[worker] + share if worker in shares else share
        return shares

    def profile(
        self, keys: Iterable[TimesKey], since: float, parts: Iterable[RequestPhase] = RequestPhase
    ) -> Profile:
        """Percentiles of the requests read after `since`, of several keys together."""
        slots = list(self._since(keys, since))
        profile = {}
        for part in parts:
            percentiles = Percentiles.of([slot.parts[part] for slot in slots], part.per_ms)
            if percentiles is not None:
                profile[part] = percentiles
        return profile

    def backend(self, keys: Iterable[TimesKey], since: float) -> DurationStats | None:
        """Moments of the backend times read after `since`; None without any."""
        slots = self._since(keys, since)
        moments = reduce(
            DurationStats.__add__, (slot.backend for slot in slots), DurationStats(0, 0.0, 0.0)
        )
        return moments if moments.count else None

    def batches(self, keys: Iterable[TimesKey], since: float) -> dict[int, DurationStats]:
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
