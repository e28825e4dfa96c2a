"""Small questions: a path, a text, a number of images."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Amount:
    """How many images to send, and how many at a time."""

    images: int = 10
    concurrency: int = 1
