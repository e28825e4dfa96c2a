"""A run in batches: which images go into each, and how each went."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import TYPE_CHECKING

from msgspec import Struct, field

from tsmon.load.answers import Answer, Score
from tsmon.payloads.payload import Payload, pick_random

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelKey

WALKTHROUGH = (10, 10, 10, 50)
"""Images in each batch of the walkthrough."""

Batch = Sequence[Payload]


class BatchResult(Struct):
    """How one batch goes."""

    size: int
    """Images in it."""
    score: Score = field(default_factory=Score)
    milliseconds: float = 0.0
    """Of all its answers together."""
    answered: int = 0

    def add(self, answer: Answer) -> None:
        """Count an answer."""
        self.score = self.score.plus(answer)
        if answer.milliseconds is not None:
            self.milliseconds += answer.milliseconds
            self.answered += 1

    @property
    def mean_ms(self) -> float | None:
        """Milliseconds an answer, as the sender saw it; None when there was none."""
        return self.milliseconds / self.answered if self.answered else None


class BatchRun:
    """A sending job: batches to one version, one after the other."""

    def __init__(self, key: ModelKey, batches: Sequence[Batch], concurrency: int = 1) -> None:
        """`concurrency` is how many images of a batch are sent at a time."""
        self.key = key
        self.concurrency = concurrency
        self.results = [BatchResult(len(batch)) for batch in batches]
        self.total = sum(map(len, batches))
        """Images to send."""
        self.done = 0
        """Images that were answered, or failed."""
        self._batches = batches
        self._at = 0

    def parts(self) -> Iterator[tuple[ModelKey, Batch]]:
        """What to send, one after the other."""
        for at, batch in enumerate(self._batches):
            self._at = at
            yield self.key, batch

    def add(self, answer: Answer) -> None:
        """Count an answer to the part that was begun last."""
        self.results[self._at].add(answer)
        self.done += 1


def split_batches(images: Batch, size: int) -> list[Batch]:
    """The images in batches of `size`; the last one may have fewer."""
    return [images[start : start + size] for start in range(0, len(images), size)]


def random_batches(
    images: Sequence[Payload], sizes: Sequence[int], rng: Random | None = None
) -> list[Batch]:
    """Batches of these sizes, of random images.

    Raises:
        PayloadError: there are no images.
    """
    picked = pick_random(images, sum(sizes), rng)
    starts = [sum(sizes[:index]) for index in range(len(sizes))]
    return [picked[start : start + size] for start, size in zip(starts, sizes, strict=True)]
