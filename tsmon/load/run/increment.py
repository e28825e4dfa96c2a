"""What the sending process reports several times a second, as one line of JSON each."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import NamedTuple, Self

from msgspec import Struct, field
from msgspec.json import encode
from msgspec.structs import astuple, fields

from tsmon.load.refusals import Cause, Failure
from tsmon.untrusted.json import parse_json


class StopReason(StrEnum):
    """Why no further request was sent."""

    COUNT = "count reached"
    DURATION = "time is up"
    STOPPED = "stopped"
    SERVER_GONE = "server gone"
    """For seconds it accepted no connection."""
    REFUSED = "refused"
    """The very first answer was one that every further request would get too."""


class RefusedAnswer(Struct, frozen=True):
    """An error answer."""

    code: int
    """HTTP status."""
    type: str
    """TorchServe's exception name."""
    message: str


class RequestNote(NamedTuple):
    """One request; times in milliseconds, starts in seconds since the run's start."""

    payload: str
    label: str | None
    planned_s: float
    """When it was to be sent; in a closed loop it was sent then."""
    sent_s: float
    response_ms: float
    """From the planned start to the answer, or until it failed."""
    status: int | None
    """HTTP status; None where no answer came."""
    bytes: int | None
    """Of the answer's body."""
    predicted: str | None
    """The class in the answer, where it is clear."""
    failure: str | None
    first_chunk_ms: float | None
    """From the planned start, of an answer that came in chunks."""
    chunks: int | None


class Increment(Struct):
    """What happened since the increment before."""

    at_s: float = 0.0
    """Seconds since the run's start."""
    planned: int = 0
    """Requests that were due since the start."""
    sent: int = 0
    """Requests sent since the start."""
    under_way: int = 0
    """Requests sent and not answered yet."""
    times_us: list[int] = field(default_factory=list)
    """Response times of the answers, in microseconds."""
    first_chunk_us: list[int] = field(default_factory=list)
    """Times to the first chunk of answers that came in chunks, in microseconds."""
    chunks: int = 0
    """Chunks of these answers."""
    streaming_us: int = 0
    """From the first to the last chunk of each, added up."""
    notes: list[RequestNote] = field(default_factory=list)
    """The requests one by one, where the plan asks for that."""
    right: Counter[str] = field(default_factory=Counter)
    """Right answers by label."""
    wrong: Counter[str] = field(default_factory=Counter)
    """Wrong answers by label."""
    unread: int = 0
    """Answers to labelled images in which no digit was found."""
    failed: Counter[Cause] = field(default_factory=Counter)
    """Requests without an answer by cause."""
    no_connection: str = ""
    """Why there was none to begin with."""
    ending: StopReason | None = None
    """Once no further request will be sent."""
    refused: RefusedAnswer | None = None
    """The answer that every further request would get too."""
    key_refused: bool = False
    """Whether requests wait for another key, or for the word that there is none."""
    done: bool = False
    """Whether this is the last increment."""

    def to_line(self) -> bytes:
        """The increment as a line of JSON."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        values["failed"] = [(*astuple(cause), number) for cause, number in self.failed.items()]
        return encode(values) + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        """Read what `to_line` wrote.

        Raises:
            ValueError: it is something else.
        """
        try:
            values = parse_json(line)
            increment = cls(**values)
            increment.notes = [RequestNote(*each) for each in values["notes"]]
            increment.right, increment.wrong = Counter(increment.right), Counter(increment.wrong)
            increment.failed = Counter(
                {Cause(Failure(kind), *rest): n for kind, *rest, n in values["failed"]}
            )
            increment.refused = RefusedAnswer(**values["refused"]) if values["refused"] else None
            increment.ending = StopReason(increment.ending) if increment.ending else None
        except (TypeError, AttributeError, KeyError) as error:
            raise ValueError(f"not an increment: {error}") from None
        return increment
