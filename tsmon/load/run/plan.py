"""What a run sends, how fast and how long, and to where."""

from __future__ import annotations

import math
from collections.abc import Mapping

from msgspec import Struct, field

from tsmon.digits.datasets import DatasetImage
from tsmon.digits.drawings import Drawing
from tsmon.digits.images import DigitImage
from tsmon.payloads.payload import Held, Payload, Text
from tsmon.payloads.request_form import PLAIN, RequestForm
from tsmon.torchserve.errors import InvalidArgument

DEFAULT_COUNT = 100_000
DEFAULT_DURATION_S = 10.0
DEFAULT_TIMEOUT_S = 30.0
OPEN_CONCURRENCY = 100
"""Requests under way at most in an open loop that does not say."""
MAX_COUNT = 1_000_000
"""Every response time is kept until the report, 40 MB of them at most."""
MAX_DURATION_S = 24 * 3600.0
MAX_CONCURRENCY = 500
MAX_RATE = 100_000.0


Sendable = DigitImage | DatasetImage | Drawing | Text | Held | Payload
"""What goes to the process that sends, in which each has to be recognised."""


class RunPlan(Struct, frozen=True, kw_only=True):
    """One run of requests to a model.

    Without a rate the loop is closed: each of `concurrency` connections sends its next request when
    the answer to the one before is there. With a rate it is open: requests are planned at that
    rate whatever the server does, and response times count from the planned start.

    Raises:
        InvalidArgument: a value is out of range.
    """

    model: str
    payloads: tuple[Sendable, ...]
    """Sent in this order, again and again."""
    version: str | None = None
    """None is the model's default version."""
    form: RequestForm = PLAIN
    concurrency: int | None = None
    """Requests under way at the same time, in an open loop at most; each has a connection."""
    rate: float | None = None
    """Requests planned per second; None is a closed loop."""
    poisson: bool = False
    """Plan an open loop's starts as a Poisson process of that rate instead of evenly."""
    seed: int | None = None
    """For the same Poisson process each time."""
    count: int = DEFAULT_COUNT
    """Requests after which no further one is sent."""
    duration_s: float = DEFAULT_DURATION_S
    """Seconds after which no further request is sent."""
    timeout_s: float = DEFAULT_TIMEOUT_S
    """Seconds that one answer may take, also after the end of the sending."""
    note_each: bool = False
    """Whether the progress has each request by itself, for a file of them."""
    answer_path: str = ""
    """Where the class stands in an answer; empty where it is to be found."""

    def __post_init__(self) -> None:
        if not self.payloads:
            raise InvalidArgument("a run needs something to send", "choose a folder that has some")
        _check("count", self.count, 1, MAX_COUNT)
        _check("duration", self.duration_s, 0.001, MAX_DURATION_S)
        _check("time-out", self.timeout_s, 0.001, MAX_DURATION_S)
        _check("concurrency", self.connections, 1, MAX_CONCURRENCY)
        if self.rate is not None:
            _check("rate", self.rate, 0.001, MAX_RATE)
        elif self.poisson:
            raise InvalidArgument("a closed loop has no arrival times", "set a rate")

    @property
    def connections(self) -> int:
        """How many connections the run holds."""
        if self.concurrency is not None:
            return self.concurrency
        return 1 if self.rate is None else OPEN_CONCURRENCY


def _check(name: str, value: float, low: float, high: float) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        raise InvalidArgument(f"a {name} of {value:g} is out of range", f"use {low:g} to {high:g}")


class Endpoint(Struct, frozen=True):
    """Where and as whom to send."""

    url: str
    """The inference API's base URL."""
    prefix: str = ""
    """Of the paths, behind a proxy."""
    authorization: str = ""
    """The value of that header, empty without a key."""
    verify: bool | str = True
    """Whether an https certificate is checked, or the file of the authority to check by."""
    client_cert: str = ""
    """The files of the certificate to show and of its key; empty without one."""
    client_key: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with each request."""
