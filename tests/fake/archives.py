"""What lies in the fake's model store, and how its workers behave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

Digit = Callable[[bytes], int]


class Loading(Enum):
    """What a worker does from its start on; it goes one step further each time it is described."""

    AT_ONCE = auto()
    """Ready from the first look on."""
    HELD = auto()
    """Not ready, and without a pid, until the server is told to `release` it."""
    DIES = auto()
    """Never ready: each look finds another pid."""
    DIES_ONCE = auto()
    """Found loading under one pid, then under another, then ready."""


def always_seven(body: bytes) -> int:
    """The digit every body shows unless a test says otherwise."""
    return 7


@dataclass(slots=True)
class Archive:
    """One .mar file. `digit` is the handler: what it raises is a handler that raised."""

    model: str
    version: str = "1.0"
    loading: Loading = Loading.AT_ONCE
    digit: Digit = always_seven
    metadata: dict[str, object] = field(default_factory=dict)
    """What the handler says of itself where it is asked."""
    inference_ms: float = 5.0
    queue_ms: float = 0.5
