"""Why requests failed, by kind; TorchServe gives one 503 for three causes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.torchserve.errors import (
    ApiError,
    HandlerFailed,
    NoCapacity,
    OutOfMemory,
    TimedOut,
    TorchServeError,
    Unreachable,
)
from tsmon.untrusted.shell import shell_word

if TYPE_CHECKING:
    from tsmon.torchserve.records import ModelVersion


class Failure(StrEnum):
    """Why an image got no answer."""

    UNREADABLE = "unreadable"
    NO_CAPACITY = "no worker or queue full"
    """503 ServiceUnavailableException; `capacity_kind` distinguishes the next two."""
    NO_WORKER = "no worker"
    QUEUE_FULL = "queue full"
    HANDLER = "handler error"
    """503 InternalServerException: the model's own code raised."""
    OUT_OF_MEMORY = "out of memory"
    TOO_LARGE = "too large"
    """413: the body is larger than max_request_size."""
    REFUSED = "refused"
    """Any other error of the server's, such as a 400 for a body that is no image."""
    TIMED_OUT = "timed out"
    UNREACHABLE = "unreachable"
    ABANDONED = "abandoned"
    """In flight when the sender was asked to stop waiting."""


class Cause(Struct, frozen=True):
    """Why a request got no answer: the kind, and what the server or the connection said."""

    kind: Failure
    code: int | None = None
    """The HTTP status; None where there was no answer at all."""
    words: str = ""

    @property
    def label(self) -> str:
        """`503 queue full`, `connection refused`."""
        if self.kind is Failure.UNREACHABLE and self.words:
            return self.words
        return f"{self.code} {self.kind}" if self.code is not None else str(self.kind)

    @property
    def message(self) -> str:
        """What was said besides that."""
        return "" if self.words == self.label else self.words


CAPACITY_KINDS = frozenset({Failure.NO_CAPACITY, Failure.NO_WORKER, Failure.QUEUE_FULL})
"""Those of which `capacity_cause` knows what to do."""


def kind_of(error: TorchServeError) -> Failure:
    """The kind of an error that a prediction raised."""
    if isinstance(error, ApiError) and error.code == 413:
        return Failure.TOO_LARGE
    kinds: tuple[tuple[type[TorchServeError], Failure], ...] = (
        (NoCapacity, Failure.NO_CAPACITY),
        (HandlerFailed, Failure.HANDLER),
        (OutOfMemory, Failure.OUT_OF_MEMORY),
        (ApiError, Failure.REFUSED),
        (TimedOut, Failure.TIMED_OUT),
        (Unreachable, Failure.UNREACHABLE),
    )
    return next((kind for type_, kind in kinds if isinstance(error, type_)), Failure.REFUSED)


def capacity_kind(model: ModelVersion) -> Failure:
    """Which of its causes a 503 without capacity had, by what describe says of the model now.

    Workers that are not ready let the queue fill up before anything is refused.
    """
    return Failure.QUEUE_FULL if model.workers else Failure.NO_WORKER


def capacity_cause(model: ModelVersion) -> str:
    """What to do about a 503 without capacity, by what describe says of the model now."""
    name = shell_word(model.name)
    if not model.workers:
        return f"it has no workers; `tsmon scale {name} 1` starts one"
    if model.ready_workers == 0:
        return (
            f"none of its {len(model.workers)} workers is ready; `tsmon describe {name}` shows why"
        )
    queue = f" of {model.queue.capacity}" if model.queue else ""
    return (
        f"its job queue{queue} was full; send fewer at a time, add workers, or raise job_queue_size"
    )


def count_kinds(kinds: Iterable[Failure | None]) -> str:
    """How many failures there were of each kind, the most frequent first."""
    counts = Counter(kind for kind in kinds if kind is not None)
    return ", ".join(f"{count} {kind}" for kind, count in counts.most_common())
