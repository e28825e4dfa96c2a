"""Where no number holds, though the queueing model gives one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tsmon.load.capacity.curve import ServiceCurve
    from tsmon.load.capacity.queueing import Queue
    from tsmon.load.capacity.situation import Situation

FULL_CORES = 0.8
"""From this share of the cores on, measured waits were a third to seventy times the predicted."""
MOST_FILLING = 0.5
"""Several workers fill their batches one after the other; up to this share of a service time the
model that takes them for one is near enough."""


def core_share(situation: Situation, queue: Queue | None) -> float | None:
    """Share of the cores that the workers alone take; None while the cores are not known.

    All of them where the queue only grows.
    """
    if situation.cores is None:
        return None
    return min(queue.offered * situation.demand / situation.cores, 1.0) if queue else 1.0


def unknown_because(
    situation: Situation, curve: ServiceCurve, workers: int, queue: Queue | None
) -> str:
    """Why the waits of so many workers are not known; empty where they are, or only grow."""
    if queue is None:
        return ""
    share = core_share(situation, queue)
    if share is not None and share >= FULL_CORES:
        return (
            f"the workers alone use {share:.0%} of the cores, and from {FULL_CORES:.0%} on waits "
            "depend on everything else that runs there"
        )
    filling_ms = curve.batches.filling_ms
    if workers > 1 and filling_ms > MOST_FILLING * curve.service_ms(workers):
        return (
            f"how several workers that each wait {filling_ms:g} ms to fill a batch share the "
            "requests is not known"
        )
    return ""
