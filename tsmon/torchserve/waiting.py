"""The requests under way, for showing a person what is being waited for.

A command that hangs and a screen that stands still look alike from the outside, whatever they wait
for; so each request says here that it is under way, and since when.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct, field

LONG_S = 2.0
"""A wait longer than this is shown to the person."""


class Wait(Struct, frozen=True, eq=False):
    """One request whose answer has not come."""

    what: str
    """Method and path, such as `PUT /models/mnist`."""
    where: str
    """The address it went to."""
    since: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """How long it has been waited for."""
        return time.monotonic() - self.since


_waits: dict[Wait, None] = {}


@contextmanager
def under_way(what: str, where: str) -> Iterator[None]:
    """Count it as waited for."""
    wait = Wait(what, where)
    _waits[wait] = None
    try:
        yield
    finally:
        _waits.pop(wait, None)


def longest_wait(at_least_s: float = LONG_S) -> Wait | None:
    """The request that has been waited for longest, if it is that long."""
    first = next(iter(_waits), None)
    return first if first is not None and first.seconds >= at_least_s else None
