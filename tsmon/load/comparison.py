"""The same images to two versions, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from tsmon.load.answers import Answer
    from tsmon.payloads.payload import Payload
    from tsmon.telemetry.snapshot import ModelKey


class Pair(Struct, frozen=True):
    """What two versions answered to one image."""

    first: Answer
    second: Answer

    @property
    def agree(self) -> bool | None:
        """Whether both predicted the same; None when one gave no answer."""
        if not (self.first.shown and self.second.shown):
            return None
        return self.first.shown == self.second.shown


class Comparison:
    """Sends each image to the first version, then to the second, one request at a time.

    Two requests at once would share the server's cores, and neither time would be its own.
    """

    def __init__(self, images: Sequence[Payload], first: ModelKey, second: ModelKey) -> None:
        self.key = first
        self.concurrency = 1
        self.second = second
        self.pairs: list[Pair] = []
        """Those that are complete."""
        self._images = images
        self._first: Answer | None = None

    @property
    def total(self) -> int:
        """Requests to send."""
        return 2 * len(self._images)

    @property
    def done(self) -> int:
        """Requests of complete pairs."""
        return 2 * len(self.pairs)

    def parts(self) -> Iterator[tuple[ModelKey, Sequence[Payload]]]:
        """What to send, one after the other."""
        for image in self._images:
            yield self.key, [image]
            yield self.second, [image]

    def add(self, answer: Answer) -> None:
        """Take the answer to the part that was begun last."""
        if self._first is None:
            self._first = answer
        else:
            self.pairs.append(Pair(self._first, answer))
            self._first = None
