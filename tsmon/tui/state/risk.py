"""How much a change may lose, judged from the change and the present state alone.

Every way to a change asks here, so that the same change asks the same question by all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.telemetry.traffic import Usage
from tsmon.tui.text.tones import Tone

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelStatus


class WorkerChange(Struct, frozen=True):
    """Another number of workers."""

    now: int
    then: int


class Removal(Struct, frozen=True):
    """The version is unregistered, if only for a while."""

    staying: Sequence[ModelStatus]
    """The versions of its model that stay."""
    no_way_back: str = ""
    """Why it could not be registered again; empty if it could."""


class NewDefault(Struct, frozen=True):
    """Requests without a version go to it."""

    before: ModelStatus | None


class Restart(Struct, frozen=True):
    """New processes for its workers."""

    one_at_a_time: bool


RiskyChange = WorkerChange | Removal | NewDefault | Restart


def weigh(model: ModelStatus, change: RiskyChange) -> Risk | None:
    """How grave a change of this version is; None where it loses nothing and is not asked about."""
    match change:
        case WorkerChange(now, then):
            return _scaling(model, now, then)
        case Removal(staying, no_way_back):
            return _removal(model, staying, no_way_back)
        case NewDefault(before):
            if model.ready:
                return Risk.CHANGE
            return Risk.LAST if before and before.ready else Risk.LOSS
        case Restart(one_at_a_time):
            if not model.ready:
                return Risk.CHANGE
            return Risk.LOSS if one_at_a_time else Risk.LAST


def gravest(severities: Iterable[Risk | None]) -> Risk | None:
    """The gravest of several changes; None where none is asked about."""
    known = [each for each in severities if each is not None]
    return max(known, key=lambda each: each.rank, default=None)


def is_busy(model: ModelStatus) -> bool:
    """Whether requests wait or came just now, so that a worker that goes may have one in hand."""
    queue, interval = model.described.queue, model.traffic.interval
    waiting = queue is not None and queue.pending > 0
    return waiting or (isinstance(interval, Usage) and interval.counted > 0)


def serves(model: ModelStatus) -> bool:
    """Whether a worker of it answers requests, as far as is known."""
    return model.ready > 0 or not model.workers_known


def _removal(model: ModelStatus, staying: Sequence[ModelStatus], no_way_back: str) -> Risk:
    if serves(model):
        return Risk.LOSS if staying else Risk.LAST
    if model.pending:
        return Risk.LOSS
    return Risk.FINAL if no_way_back else Risk.CHANGE


def _scaling(model: ModelStatus, now: int, then: int) -> Risk | None:
    if then >= now:
        return None
    if then == 0:
        return Risk.LAST if model.ready else Risk.CHANGE
    return Risk.LOSS if model.ready and is_busy(model) else None


class Risk(Enum):
    """What may be lost; what loses nothing and changes no answer is done without a question."""

    CHANGE = ("? Nothing is lost.", Tone.ACCENT)
    UNKNOWN = ("! What it does is known to you alone.", Tone.WARNING)
    """A command of the person's own."""
    FINAL = ("! It cannot be undone.", Tone.WARNING)
    """No request is lost, but what it was."""
    LOSS = ("! Requests may be lost.", Tone.WARNING)
    LAST = ("!! It stops serving.", Tone.BAD)
    """Wants the model's name typed, so that no habit of pressing a key does it."""

    @property
    def rank(self) -> int:
        """The larger, the graver."""
        return list(Risk).index(self)

    @property
    def words(self) -> str:
        """A glyph and a sentence, which say it without the colour."""
        return self.value[0]

    @property
    def tone(self) -> Tone:
        """The colour of the words and the box."""
        return self.value[1]
