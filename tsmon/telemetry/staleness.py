"""How old what is known may be before it is no longer the state of the server.

A snapshot says how the server was when it was made. When none follows, because the server, the way
to it or tsmon itself hangs, no one makes one that says so; so the age is looked at whenever
something is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from tsmon.telemetry.snapshot import ServerState, Snapshot
from tsmon.torchserve.errors import TimedOut
from tsmon.torchserve.waiting import longest_wait

if TYPE_CHECKING:
    from tsmon.telemetry.instant import Instant

STALE_PERIODS = 3
SHORTEST_PERIOD_S = 1.0
"""A slow machine cannot be expected to do better, however often a server is asked."""


def patience_s(period_s: float) -> float:
    """Seconds without an answer after which the last one is stale."""
    return STALE_PERIODS * max(period_s, SHORTEST_PERIOD_S)


def as_of(snapshot: Snapshot, now: Instant, patience: float) -> Snapshot:
    """The snapshot as it is to be shown `now`: stale once its answer is older than `patience`."""
    answer = snapshot.server.last_answer
    if snapshot.stale or answer is None or now.since(answer) <= patience:
        return snapshot
    wait = longest_wait()
    doing = f"waiting for {wait.what}" if wait else "nothing is being polled"
    problem = TimedOut(
        f"nothing new since {answer.wall.astimezone():%H:%M:%S}: {doing}",
        "the screen shows older data",
    )
    return replace(
        snapshot,
        at=now,
        server=replace(snapshot.server, state=ServerState.STALE, problem=problem),
    )
