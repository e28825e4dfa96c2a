"""Small questions: a path, a text, a number of images."""

from __future__ import annotations

from msgspec import Struct


class Amount(Struct, frozen=True):
    """How many images to send, and how many at a time."""

    images: int = 10
    concurrency: int = 1
