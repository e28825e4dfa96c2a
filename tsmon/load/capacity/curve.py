"""The service time as a function of the number of workers: measured, in between, or by a model."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from msgspec import Struct

from tsmon.load.capacity.batch_queue import batch_queue
from tsmon.load.capacity.batching import ONE_BY_ONE, BatchRule
from tsmon.load.capacity.queueing import Queue, queue_of
from tsmon.load.capacity.service_time import crossing
from tsmon.torchserve.errors import InvalidArgument
from tsmon.units import MIB
from tsmon.untrusted.files import read_text
from tsmon.untrusted.json import parse_json
from tsmon.untrusted.shape import shaped

GAIN = 1.03
"""A worker more is worth it when throughput grows by this factor; less is noise."""


class Basis(StrEnum):
    """What a service time rests on."""

    MEASURED = "measured"
    """At this number of workers."""
    BETWEEN = "in between"
    """Interpolated between measured numbers of workers."""
    EXTRAPOLATED = "extrapolated"
    """By the model of shared cores, or as if workers did not disturb each other."""


class ServicePoint(Struct, frozen=True):
    """What was measured with one number of workers."""

    workers: int
    service_ms: float
    """Mean time a worker had a request: the backend time of the logs, or inference - queue.

    With `more_ms` it is that of a request that is alone in its batch.
    """
    scv: float | None = None
    """Squared coefficient of variation of that time; None while unknown."""
    memory_bytes: int | None = None
    """Of one worker."""
    throughput: float | None = None
    """Answers per second meanwhile; None stands for workers that were all busy all the time."""
    more_ms: float | None = None
    """By how much each further request makes a batch longer; None while unknown."""
    largest_batch: int | None = None
    """The largest one that this was measured with."""


class ServiceCurve(Struct, frozen=True, dict=True):
    """Service times by workers.

    Where workers want more cores than there are, they share them evenly: with k busy workers each
    takes k * demand / cores times as long (processor sharing). Measured times are first freed of
    that stretch, then interpolated over the number of workers, then stretched again.
    """

    points: tuple[ServicePoint, ...]
    """At least one; of several with the same number of workers the last counts."""
    cores: int | None = None
    """Of the server's machine; None while unknown, and then nothing is stretched."""
    demand: float = 1.0
    """Cores that a busy worker wants: its torch threads, or less if it mostly waits."""
    batches: BatchRule = ONE_BY_ONE
    """Where the times of larger ones are unknown, requests are reckoned one by one all the same."""

    def basis(self, workers: int) -> Basis:
        """What the time at this number of workers rests on."""
        if workers in self._alone:
            return Basis.MEASURED
        between = min(self._alone) < workers < max(self._alone)
        return Basis.BETWEEN if between else Basis.EXTRAPOLATED

    def service_ms(self, workers: int) -> float:
        """Milliseconds for a request when so many workers are busy."""
        alone = {number: time_ms for number, (time_ms, _) in self._alone.items()}
        return _interpolated(alone, workers) * self.stretch(workers)

    def scv(self, workers: int) -> float | None:
        """Variability of the service time; None where none was measured."""
        known = {number: scv for number, (_, scv) in self._alone.items() if scv is not None}
        return _interpolated(known, workers) if known else None

    def stretch(self, busy: int) -> float:
        """By how much so many busy workers slow each other."""
        return max(1.0, busy * self.demand / self.cores) if self.cores else 1.0

    def capacity(self, workers: int) -> float:
        """Requests per second that so many workers can answer at most."""
        largest = self.batch_ms(workers)
        return workers * len(largest) / (largest[-1] * self.stretch(workers)) * 1000

    @property
    def largest_batch(self) -> int:
        """The largest batch that was measured; 1 where the time of larger ones is unknown."""
        return max((point.largest_batch or 1 for point in self.points), default=1)

    def batch_ms(self, workers: int) -> list[float]:
        """Times of batches of 1, 2 … that do not slow each other, so many as are taken at once."""
        alone_ms = _interpolated(
            {number: time_ms for number, (time_ms, _) in self._alone.items()}, workers
        )
        shares = {
            point.workers: point.more_ms / point.service_ms
            for point in self.points
            if point.more_ms is not None
        }
        if not shares:
            return [alone_ms]
        more_ms = _interpolated(shares, workers) * alone_ms
        return [alone_ms + more_ms * further for further in range(self.batches.taken)]

    def queue(
        self, rate: float, workers: int, arrivals_scv: float = 1.0, *, slower: float = 1.0
    ) -> Queue | None:
        """The queue before so many workers; None where it only grows.

        `slower` is a factor for all times, to see what hangs on them.
        """
        measured = self.scv(workers)
        scv = 1.0 if measured is None else measured
        batch_ms = [time_ms * slower for time_ms in self.batch_ms(workers)]
        stretches = [self.stretch(busy) for busy in range(1, workers + 1)]
        if len(batch_ms) == 1:
            times = [batch_ms[0] * stretch for stretch in stretches]
            return queue_of(rate, times, scv, arrivals_scv)
        return batch_queue(
            rate,
            batch_ms,
            stretches,
            scv,
            filling_ms=self.batches.filling_ms,
            arrivals_scv=arrivals_scv,
        )

    def useful(self, most: int) -> int:
        """The number up to `most` beyond which workers raise the throughput no further."""
        best = 1
        for workers in range(2, most + 1):
            if self.capacity(workers) > self.capacity(best) * GAIN:
                best = workers
        return best

    @cached_property
    def _alone(self) -> dict[int, tuple[float, float | None]]:
        """Service time without the stretch, and its variability, by measured workers."""
        return {point.workers: (self._unstretched(point), point.scv) for point in self.points}

    def _unstretched(self, point: ServicePoint) -> float:
        """The service time that gives the measured one at the throughput of that time."""
        full = self.stretch(point.workers)
        shortest = point.service_ms / full
        if full == 1 or point.throughput is None or point.more_ms is not None:
            return shortest

        def too_short(alone_ms: float) -> float:
            stretched = [alone_ms * self.stretch(k) for k in range(1, point.workers + 1)]
            queue = queue_of(point.throughput or 0.0, stretched)
            return point.service_ms - queue.service.mean_ms if queue else -point.service_ms

        return crossing(too_short, 0.0, shortest, point.service_ms)


def _interpolated(known: dict[int, float], workers: int) -> float:
    """Linear between neighbours; beyond the ends as at the nearest."""
    below = max((number for number in known if number <= workers), default=min(known))
    above = min((number for number in known if number >= workers), default=max(known))
    if above == below:
        return known[below]
    if workers < below or workers > above:
        return known[min(known, key=lambda number: abs(number - workers))]
    share = (workers - below) / (above - below)
    return known[below] * (1 - share) + known[above] * share


def read_points(path: Path) -> tuple[ServicePoint, ...]:
    """Points from a JSON file: a list of objects with the fields of `ServicePoint`.

    Raises:
        InvalidArgument: the file cannot be read or is no such list.
    """
    hint = 'write [{"workers": 1, "service_ms": 8.1, "scv": 0.3, "throughput": 110}, …]'
    try:
        entries = parse_json(read_text(path, MIB))
    except OSError as error:
        raise InvalidArgument(f"cannot read {path}: {error.strerror or error}", hint) from None
    except ValueError as error:
        raise InvalidArgument(f"{path} is not JSON: {error}", hint) from None
    if not isinstance(entries, list) or not entries:
        raise InvalidArgument(f"{path} is not a list of measured points", hint)
    return tuple(_point(entry, f"{path}, entry {n}", hint) for n, entry in enumerate(entries, 1))


def _point(entry: Any, where: str, hint: str) -> ServicePoint:
    try:
        point = shaped(ServicePoint, entry)
        in_range = point.workers >= 1 and point.service_ms > 0
        in_range &= (point.scv or 0) >= 0 and (point.more_ms or 0) >= 0
    except (TypeError, AttributeError) as error:
        raise InvalidArgument(f"{where} is not a measured point: {error}", hint) from None
    if not in_range:
        raise InvalidArgument(f"{where}: workers and service_ms must be above 0", hint)
    return point
