"""A limit on the models of a server, and how one model stands to it at a tick."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Protocol

from msgspec import Struct

from tsmon.conditions import OF_MODEL, OF_SERIES, Condition, parse_condition, parse_duration
from tsmon.telemetry.instant import Instant

SHORTEST_CLEAR_S = 10.0
"""A limit that holds at once is over after so long, or it would come and go with each tick."""


class LimitTable(Protocol):
    """What the configuration says of a limit."""

    @property
    def when(self) -> str:
        """The condition; empty where the limit is off."""

    @property
    def model(self) -> str:
        """Which models it is about; empty for all."""

    @property
    def series(self) -> str:
        """Which series it is about instead of models; empty where it is about models."""

    @property
    def clear(self) -> str:
        """How long it must not hold to be over; empty for as long as it has to hold."""


class Limit(Struct, frozen=True):
    """What must not hold, and for which models."""

    name: str
    condition: Condition
    clear_s: float
    """How long it must not hold to be over."""
    model: str = ""
    series: str = ""
    """The series it is about; empty where it is about models."""

    def covers(self, name: str, version: str) -> bool:
        """Whether it is about a version of a model."""
        pattern = self.model
        return not self.series and (
            not pattern or fnmatchcase(name, pattern) or fnmatchcase(f"{name}/{version}", pattern)
        )


class LimitState(StrEnum):
    """How a model stands to a limit."""

    WITHIN = "within"
    PENDING = "pending"
    """It holds, but not for long enough yet."""
    EXCEEDED = "exceeded"
    UNKNOWN = "unknown"


class LimitStatus(Struct, frozen=True):
    """How one model stands to a limit at one tick."""

    limit: Limit
    exceeded: bool = False
    """Whether it held long enough, and has not been over for long enough since."""
    value: float | None = None
    """The number now, in the base unit of the condition; None where it is not known."""
    since: Instant | None = None
    """Since when it is exceeded, or since when it holds; None where neither is so."""

    @property
    def state(self) -> LimitState:
        """In one word."""
        if self.exceeded:
            return LimitState.EXCEEDED
        holds = self.limit.condition.holds(self.value)
        if holds is None:
            return LimitState.UNKNOWN
        return LimitState.PENDING if holds else LimitState.WITHIN

    @property
    def figure(self) -> str:
        """The number now in words: `p95 61.2 ms`, `p95 unknown`."""
        condition = self.limit.condition
        shown = "unknown" if self.value is None else condition.shown(self.value)
        return f"{condition.quantity} {shown}"

    def __str__(self) -> str:
        return f"{self.limit.name}: {self.figure} ({self.limit.condition})"


def read_limits(tables: Mapping[str, LimitTable]) -> tuple[Limit, ...]:
    """The limits of a configuration; those that are switched off are not among them.

    Raises:
        BadCondition: one of them is not valid.
    """
    return tuple(_limit(name, table) for name, table in tables.items() if table.when)


def _limit(name: str, table: LimitTable) -> Limit:
    condition = parse_condition(table.when, OF_SERIES if table.series else OF_MODEL)
    held = condition.for_s or SHORTEST_CLEAR_S
    clear_s = parse_duration(table.clear) if table.clear else held
    return Limit(name, condition, clear_s, table.model, table.series)
