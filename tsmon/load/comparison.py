"""The same images to two versions, side by side."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tsmon.load.sender import ask

if TYPE_CHECKING:
    from tsmon.digits.images import DigitImage
    from tsmon.load.answers import Answer
    from tsmon.telemetry.snapshot import ModelKey
    from tsmon.torchserve.inference import Inference


@dataclass(frozen=True, slots=True)
class Pair:
    """What two versions answered to one image."""

    first: Answer
    second: Answer

    @property
    def agree(self) -> bool | None:
        """Whether both predicted the same; None when one gave no answer."""
        if self.first.predicted is None or self.second.predicted is None:
            return None
        return self.first.predicted == self.second.predicted


class Comparison:
    """Sends each image to the first version, then to the second, one request at a time.

    Two requests at once would share the server's cores, and neither time would be its own.
    """

    def __init__(self, images: Sequence[DigitImage], first: ModelKey, second: ModelKey) -> None:
        self.key = first
        self.second = second
        self.pairs: list[Pair] = []
        """Those that are complete."""
        self._images = images

    @property
    def total(self) -> int:
        """Requests to send."""
        return 2 * len(self._images)

    @property
    def done(self) -> int:
        """Requests of complete pairs."""
        return 2 * len(self.pairs)

    async def answers(self, inference: Inference) -> AsyncGenerator[tuple[ModelKey, Answer], None]:
        """Send; answers come as they arrive, also those that failed."""
        for image in self._images:
            first = await ask(inference, self.key.name, image, version=self.key.version)
            yield self.key, first
            second = await ask(inference, self.second.name, image, version=self.second.version)
            self.pairs.append(Pair(first, second))
            yield self.second, second
