"""What an experiment varies, and what it sends at each setting."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import product

from msgspec import Struct
from msgspec.structs import replace

from tsmon.load.run.plan import DEFAULT_COUNT, MAX_CONCURRENCY, MAX_COUNT, RunPlan
from tsmon.payloads.payload import Payload, pick_random
from tsmon.payloads.request_form import PLAIN, RequestForm
from tsmon.torchserve.errors import InvalidArgument
from tsmon.units import period, plural

WALKTHROUGH_WORKERS = (1, 2, 4)
WALKTHROUGH_BATCHES = (10, 10, 10, 50)
DEFAULT_WARM_UP = 10
MAX_WORKERS = 64
BATCH_LIMIT_S = 3600.0
"""For one batch; what bounds it is its number of requests."""
WARM_UP_LIMIT_S = 120.0


class Load(Struct, frozen=True):
    """What is sent at each setting: batches one after the other, or as much as fits into a time."""

    batches: tuple[int, ...] = WALKTHROUGH_BATCHES
    """Images in each batch, where no duration is given."""
    concurrency: int | None = None
    """Requests under way at the same time; None is 1, with a rate what a run allows."""
    rate: float | None = None
    """Requests planned per second; None is a closed loop."""
    duration_s: float | None = None
    """Seconds to send for; None sends the batches."""
    poisson: bool = False
    """With a rate: at random times instead of evenly."""

    @property
    def is_walkthrough(self) -> bool:
        """Whether the walkthrough sent the same, one request after the other."""
        return (
            self.duration_s is None
            and self.batches == WALKTHROUGH_BATCHES
            and self.concurrency in {None, 1}
        )

    def __str__(self) -> str:
        at_a_time = f", {self.concurrency} at a time" if self.concurrency else ""
        if self.duration_s is None:
            return f"batches of {', '.join(map(str, self.batches))}{at_a_time}"
        if self.rate is not None:
            how = " at random times" if self.poisson else ""
            return f"{self.rate:g} requests/s{how} for {period(self.duration_s)}"
        return f"{period(self.duration_s)}{at_a_time or ', 1 at a time'}"


class Protocol(StrEnum):
    """How requests are sent."""

    HTTP = "http"
    GRPC = "grpc"


class Variation(Struct, frozen=True):
    """Settings to compare; None leaves a value as it was registered."""

    workers: int
    batch_size: int | None = None
    max_batch_delay_ms: int | None = None
    protocol: Protocol | None = None
    """None where protocols are not compared."""

    def __str__(self) -> str:
        parts = [plural(self.workers, "worker")]
        if self.batch_size is not None:
            parts.append(f"batch size {self.batch_size}")
        if self.max_batch_delay_ms is not None:
            parts.append(f"delay {self.max_batch_delay_ms} ms")
        if self.protocol is not None:
            parts.append(f"over {self.protocol}")
        return ", ".join(parts)


class ExperimentPlan(Struct, frozen=True, kw_only=True):
    """Worker counts to compare under the same load.

    Raises:
        InvalidArgument: a value is out of range.
    """

    model: str
    payloads: tuple[Payload, ...]
    version: str | None = None
    """None is the model's default version."""
    form: RequestForm = PLAIN
    answer_path: str = ""
    """Where the class stands in an answer; empty where it is to be found."""
    worker_counts: tuple[int, ...] = WALKTHROUGH_WORKERS
    """In this order."""
    load: Load = Load()
    batch_sizes: tuple[int, ...] = ()
    """TorchServe's own batch sizes to compare; each needs the model to be registered again."""
    batch_delays_ms: tuple[int, ...] = ()
    """Likewise, milliseconds to wait for a batch to fill."""
    protocols: tuple[Protocol, ...] = ()
    """To compare at each setting, in this order; without any all is sent over HTTP."""
    warm_up: int = DEFAULT_WARM_UP
    """Requests for each worker before what is measured."""
    seed: int = 0
    """Which images are picked, and when Poisson starts fall; the same at every setting."""

    def __post_init__(self) -> None:
        if not self.worker_counts:
            raise InvalidArgument("no worker counts given", "give some, such as 1,2,4")
        _each("worker count", self.worker_counts, 1, MAX_WORKERS)
        _each("batch size", self.batch_sizes, 1, 10_000)
        _each("batch delay", self.batch_delays_ms, 0, 600_000)
        _each("warm-up", (self.warm_up,), 0, 10_000)
        if self.load.duration_s is None:
            if not self.load.batches:
                raise InvalidArgument("no batches given", "give some, such as 10,10,10,50")
            if self.load.rate is not None or self.load.poisson:
                raise InvalidArgument("a rate needs a duration", "set the number of seconds")
            _each("batch", self.load.batches, 1, MAX_COUNT)
        self.form.path(self.model, self.version)
        for _ in self.runs():  # a run of values out of range says so here, before anything changes
            pass

    @property
    def settings(self) -> tuple[Variation, ...]:
        """Everything to be measured; what needs a new registration changes least often."""
        sizes: Sequence[int | None] = self.batch_sizes or (None,)
        delays: Sequence[int | None] = self.batch_delays_ms or (None,)
        protocols: Sequence[Protocol | None] = self.protocols or (None,)
        return tuple(
            Variation(workers, size, delay, protocol)
            for size, delay, workers, protocol in product(
                sizes, delays, self.worker_counts, protocols
            )
        )

    @property
    def registers(self) -> bool:
        """Whether the model has to be registered again on the way."""
        return bool(self.batch_sizes or self.batch_delays_ms)

    @property
    def requests(self) -> int | None:
        """Requests measured at one setting; None where that depends on the answers."""
        load = self.load
        if load.duration_s is None:
            return sum(load.batches)
        return None if load.rate is None else round(load.rate * load.duration_s)

    def runs(self) -> Iterator[RunPlan]:
        """The measured runs of one setting, the same for all."""
        load = self.load
        if load.duration_s is not None:
            yield RunPlan(
                model=self.model,
                payloads=self.payloads,
                version=self.version,
                form=self.form,
                answer_path=self.answer_path,
                concurrency=load.concurrency,
                rate=load.rate,
                poisson=load.poisson,
                seed=self.seed if load.poisson else None,
                count=DEFAULT_COUNT,
                duration_s=load.duration_s,
            )
            return
        chooser = random.Random(self.seed)  # noqa: S311 (a choice of pictures, no secret)
        for size in load.batches:
            yield RunPlan(
                model=self.model,
                payloads=tuple(pick_random(self.payloads, min(size, 1000), chooser)),
                version=self.version,
                form=self.form,
                answer_path=self.answer_path,
                concurrency=load.concurrency,
                count=size,
                duration_s=BATCH_LIMIT_S,
            )

    def warm_up_run(self, workers: int) -> RunPlan | None:
        """What is sent before, at all workers at the same time; None for nothing."""
        if not self.warm_up:
            return None
        return RunPlan(
            model=self.model,
            payloads=self.payloads,
            version=self.version,
            form=self.form,
            answer_path=self.answer_path,
            concurrency=min(workers, MAX_CONCURRENCY),
            count=self.warm_up * workers,
            duration_s=WARM_UP_LIMIT_S,
        )

    def naming(self, version: str) -> ExperimentPlan:
        """The same, with the version in every request's URL."""
        return replace(self, version=version)


def _each(what: str, values: Sequence[int], low: int, high: int) -> None:
    for value in values:
        if not low <= value <= high:
            raise InvalidArgument(f"a {what} of {value} is out of range", f"use {low} to {high:,}")
