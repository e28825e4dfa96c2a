"""How many requests took how long: exact counts in buckets on a logarithmic scale.

A bucket is a byte, so the counts of a tick take two bytes for each that has any.
"""

from __future__ import annotations

import struct
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import chain

PER_DECADE = 20
LEAST_MS = 0.01
DECADES = 8
LAST = PER_DECADE * DECADES
"""The number of the bucket of all that is longer; 0 is that of all that is shorter."""
TICKS_KEPT = 4096
"""An hour at one tick a second."""
_LARGE = 255
"""Stands for a count that follows in four bytes."""
_LARGEST = 2**32 - 1
_EDGES_MS = tuple(LEAST_MS * 10 ** (at / PER_DECADE) for at in range(LAST))
Counts = Mapping[int, int]
"""How many requests each bucket has; those without any are not in it."""


def least_ms(bucket: int) -> float:
    """Where a bucket begins."""
    return _EDGES_MS[bucket - 1] if bucket else 0.0


def count_times(runs: Iterable[Sequence[float]], per_ms: int = 1) -> Counter[int]:
    """The requests in each bucket; each run is in ascending order, `per_ms` units a millisecond."""
    counts: Counter[int] = Counter()
    edges = _edges(per_ms)
    for run in runs:
        at = 0
        while at < len(run):
            bucket = bisect_right(edges, run[at])
            end = bisect_left(run, edges[bucket], at) if bucket < LAST else len(run)
            counts[bucket] += end - at
            at = end
    return counts


@cache
def _edges(per_ms: int) -> tuple[float, ...]:
    return tuple(edge * per_ms for edge in _EDGES_MS)


def pack_counts(counts: Counts) -> bytes:
    """The counts in as few bytes as they take."""
    return b"".join(
        bytes((bucket, count))
        if count < _LARGE
        else struct.pack("<BBI", bucket, _LARGE, min(count, _LARGEST))
        for bucket, count in sorted(counts.items())
        if count > 0
    )


@lru_cache(TICKS_KEPT)
def unpack_counts(packed: bytes) -> Counts:
    """The counts that were packed, not to be changed: a heatmap asks for the same at each tick."""
    counts: dict[int, int] = {}
    at = 0
    while at < len(packed):
        bucket, count = packed[at], packed[at + 1]
        at += 2
        if count == _LARGE:
            (count,) = struct.unpack_from("<I", packed, at)
            at += 4
        counts[bucket] = count
    return counts


def add_counts(packed: Iterable[bytes]) -> bytes:
    """The counts of several together."""
    parts = [each for each in packed if each]
    if len(parts) < 2:
        return parts[0] if parts else b""
    total: Counter[int] = Counter()
    for bucket, count in chain.from_iterable(unpack_counts(each).items() for each in parts):
        total[bucket] += count
    return pack_counts(total)
