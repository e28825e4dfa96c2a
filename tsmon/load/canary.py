"""Which of two versions does better, by what is known of the requests of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.telemetry.logs.request_report import RequestPhase
from tsmon.units import milliseconds, percent

if TYPE_CHECKING:
    from tsmon.load.comparison import Pair
    from tsmon.telemetry.snapshot import ModelStatus

LEAST_REQUESTS = 20
"""Of each version in the last minute, below which nothing is said of them."""
FAILS_MORE = 0.01
"""Share of failed requests by which one version is worse."""
SLOWER = 1.25
"""How many times the other's p50, and p95 as well, a version takes that is slower."""


class Better(Struct, frozen=True):
    """A version that does better in some way, and in which."""

    first: bool
    """Whether it is the first of the two."""
    why: str


def better(first: ModelStatus, second: ModelStatus) -> list[Better] | None:
    """In what one of them does better; None where too few requests are known of one."""
    reports = first.requests, second.requests
    if None in reports or min(map(requests_of, (first, second))) < LEAST_REQUESTS:
        return None
    found: list[Better] = []
    shares = [report.failing_share for report in reports if report]
    if abs(shares[0] - shares[1]) > FAILS_MORE:
        fewer, more = sorted(shares)
        why = f"fails less: {percent(fewer)}, not {percent(more)}"
        found.append(Better(shares[0] < shares[1], why))
    found += _sooner(first, second)
    return found


def _sooner(first: ModelStatus, second: ModelStatus) -> list[Better]:
    """Which answers sooner: by p95 alone a few requests would decide."""
    one, other = (model.percentiles(RequestPhase.INFERENCE) for model in (first, second))
    if one is None or other is None:
        return []
    first_wins = one.p95 < other.p95
    quick, slow = (one, other) if first_wins else (other, one)
    if slow.p95 <= SLOWER * quick.p95 or slow.p50 <= SLOWER * quick.p50:
        return []
    why = f"answers sooner: p95 {milliseconds(quick.p95)}, not {milliseconds(slow.p95)}"
    return [Better(first_wins, why)]


def requests_of(model: ModelStatus) -> int:
    """How many of its requests ended in the last minute, by the logs."""
    return sum(model.requests.minute_statuses.values()) if model.requests else 0


def disagreements_first(pairs: list[Pair]) -> list[tuple[int, Pair]]:
    """The pairs with their numbers: those that differ, that failed, that agree; newest first."""
    order = {False: 0, None: 1, True: 2}
    numbered = list(enumerate(pairs, 1))
    return sorted(numbered, key=lambda each: (order[each[1].agree], -each[0]))
