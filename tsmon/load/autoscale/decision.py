"""When a model gets more or fewer workers: rules over readings, whose moments are values.

More soon, fewer only once fewer were enough for a while. What is asked of the advice differs by
direction: a number goes up by the rate that is seen, and down by a rate that is larger by
`HEADROOM`. Rates that differ by less than that cannot make it go up and down in turn.
"""

from __future__ import annotations

from collections import deque
from enum import StrEnum

from msgspec import Struct

from tsmon.torchserve.changes import MOST_WORKERS
from tsmon.torchserve.errors import InvalidArgument
from tsmon.units import duration, plural

HEADROOM = 1.2
"""Fewer workers must be enough for so many times the rate that is seen."""
GAP_S = 15.0
"""What was not read for so long did not hold."""
BARRED_S = 600.0
"""So long a number is not tried again whose workers did not become ready."""
UP_AFTER_S = 5.0
DOWN_AFTER_S = 120.0


class Policy(Struct, frozen=True):
    """Within which limits the number of workers is changed, and how soon.

    Raises:
        InvalidArgument: there is no number within the limits.
    """

    most: int
    least: int = 1
    up_after_s: float = UP_AFTER_S
    down_after_s: float = DOWN_AFTER_S

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.most <= MOST_WORKERS:
            raise InvalidArgument(
                f"there is no number of workers from {self.least} to {self.most}",
                f"use 1 to {MOST_WORKERS:,}, and --min up to --max",
            )


class Gap(StrEnum):
    """What is not known, so that nothing is changed; also the word for it in JSON."""

    SERVER = "no answer"
    GONE = "not registered"
    METRICS = "no metrics"
    LOGS = "no logs"
    WORKERS = "workers not ready"
    SHORT = "not watched for long enough"
    ADVICE = "no advice"


class Unknown(Struct, frozen=True):
    """Why there is no number."""

    gap: Gap
    words: str


class Reading(Struct, frozen=True, kw_only=True):
    """What was seen of a model at one moment, and what the advice makes of it."""

    at: float
    """Seconds on a clock that never steps."""
    workers: int | None
    """All of them ready; None where that is not known now, or they are not."""
    unknown: Unknown | None = None
    need: int = 0
    """The least number for the rate that is seen; no number where something is unknown."""
    roomy: int | None = None
    """The same for a rate larger by `HEADROOM`; None where there is none for that."""
    measured: int = 0
    """The largest number of workers of which service times were measured."""
    met: bool = True
    """Whether the target holds now, by what is measured."""
    rate: float | None = None
    service_ms: float | None = None
    queue_ms: float | None = None
    why: str = ""
    """Why it is that number, with figures."""
    why_roomy: str = ""


class Kind(StrEnum):
    """What is decided, or why nothing is; also the word for it in JSON."""

    UP = "up"
    DOWN = "down"
    STEADY = "steady"
    PENDING = "pending"
    """Another number has not been needed for long enough."""
    AT_MOST = "at max"
    UNMEASURED = "not measured"
    BARRED = "failed before"
    UNKNOWN = "unknown"


class Decision(Struct, frozen=True):
    """What to do at one moment."""

    kind: Kind
    why: str
    target: int | None = None
    """The number to scale to; None where nothing is to be done."""


class Autoscaler:
    """Decides by one reading after the other."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._last_at: float | None = None
        self._workers: int | None = None
        self._high_since: float | None = None
        self._low: deque[tuple[float, int]] = deque()
        """The moments at which fewer were enough, without one between at which they were not."""
        self._barred: dict[int, float] = {}
        """Numbers whose workers did not become ready, and until when they are not tried."""

    def bar(self, workers: int, at: float) -> None:
        """Do not try a number again for a while."""
        self._barred[workers] = at + BARRED_S

    def decide(self, reading: Reading) -> Decision:
        """What to do now."""
        before, self._last_at = self._last_at, reading.at
        changed = reading.workers != self._workers
        self._workers = reading.workers
        if changed or before is None or reading.at - before > GAP_S:
            self.begin_again()
        if (outside := self._outside(reading)) is not None:
            self.begin_again()
            return outside
        if reading.unknown is not None or reading.workers is None:
            self.begin_again()
            return Decision(Kind.UNKNOWN, reading.unknown.words if reading.unknown else "")
        need = max(reading.need, self.policy.least)
        self._note(reading, need, reading.workers)
        if need > reading.workers:
            return self._up(reading, need, reading.workers)
        if self._low:
            return self._down(reading, reading.workers)
        return Decision(Kind.STEADY, reading.why)

    def begin_again(self) -> None:
        """Take nothing for held until it has held from now on."""
        self._high_since = None
        self._low.clear()

    def _outside(self, reading: Reading) -> Decision | None:
        """The way back into the limits, which waits for no advice."""
        least, most, workers = self.policy.least, self.policy.most, reading.workers
        gap = reading.unknown.gap if reading.unknown else Gap.ADVICE
        if workers is None or gap not in {Gap.SHORT, Gap.ADVICE}:
            return None
        if workers < least:
            return Decision(Kind.UP, f"--min is {least}", least)
        return Decision(Kind.DOWN, f"--max is {most}", most) if workers > most else None

    def _note(self, reading: Reading, need: int, workers: int) -> None:
        if need <= workers:
            self._high_since = None
        elif self._high_since is None:
            self._high_since = reading.at
        enough = None if reading.roomy is None else max(reading.roomy, self.policy.least)
        if enough is not None and enough < workers and reading.met:
            self._low.append((reading.at, enough))
        else:
            self._low.clear()

    def _up(self, reading: Reading, need: int, workers: int) -> Decision:
        held = reading.at - (reading.at if self._high_since is None else self._high_since)
        wanted = min(need, self.policy.most)
        target = min(wanted, reading.measured + 1, self._below_barred(reading.at))
        if target <= workers:
            return self._stopped(reading, wanted, workers)
        if held < self.policy.up_after_s:
            return Decision(Kind.PENDING, f"{reading.why}; for {duration(held)} so far")
        limit = ""
        if need > self.policy.most == target:
            limit = f"; {need} are advised, --max is {self.policy.most}"
        elif target < wanted:
            limit = f"; {need} are advised, one more at a time where no service time was measured"
        return Decision(Kind.UP, f"{reading.why}{limit}", target)

    def _stopped(self, reading: Reading, wanted: int, workers: int) -> Decision:
        """Why there are no more although more are advised."""
        if wanted <= workers:
            return Decision(Kind.AT_MOST, f"{reading.why}; --max is {self.policy.most}")
        if reading.measured < workers:
            words = f"the service time with {plural(workers, 'worker')} is not measured yet"
            return Decision(Kind.UNMEASURED, f"{reading.why}; {words}")
        words = f"{plural(workers + 1, 'worker')} did not become ready before"
        return Decision(Kind.BARRED, f"{reading.why}; {words}")

    def _down(self, reading: Reading, workers: int) -> Decision:
        since, _ = self._low[0]
        held = reading.at - since
        if held < self.policy.down_after_s:
            return Decision(Kind.PENDING, f"{reading.why_roomy}; for {duration(held)} so far")
        target = max(enough for _, enough in self._low)
        why = f"{reading.why_roomy}; no more than {plural(target, 'worker')} needed for "
        return Decision(Kind.DOWN, f"{why}{duration(held)}", target)

    def _below_barred(self, at: float) -> int:
        """The largest number that is to be tried."""
        self._barred = {number: until for number, until in self._barred.items() if until > at}
        return min(self._barred, default=MOST_WORKERS + 1) - 1
