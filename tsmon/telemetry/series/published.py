"""All values of one scrape, in a form that costs next to nothing until someone looks.

The text without its numbers is the same from scrape to scrape, so it is one shared string. Values
are kept in blocks; a block in which nothing changed is that of the scrape before.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from msgspec import Struct

MOST_LINES = 20_000
"""Lines of a scrape whose values are kept: 1.8 MB of text, 160 kB of values."""
BLOCK = 128
"""Values that are kept together."""
_BYTES = 8


class Published(Struct, frozen=True):
    """The values of one scrape by line; see `series.layout` for what the lines are."""

    layout: str = ""
    """The lines without their numbers: samples, HELP and TYPE; others are empty."""
    blocks: tuple[bytes, ...] = ()
    """The values as doubles; a line that is no sample has a 0."""
    left_out: int = 0
    """Lines beyond `MOST_LINES`."""
    why_not: str = ""
    """Why families may be missing; empty where all that the server publishes are there."""

    def __bool__(self) -> bool:
        """Whether anything is published."""
        return bool(self.layout)

    def values(self) -> Sequence[float]:
        """The value of each line."""
        return array("d", b"".join(self.blocks))

    def value(self, line: int) -> float:
        """The value of one line."""
        block, place = divmod(line, BLOCK)
        (value,) = array("d", self.blocks[block][place * _BYTES : (place + 1) * _BYTES])
        return float(value)

    def lines_of(self, name: str) -> list[int]:
        """The lines with samples of a name, without reading the others."""
        text, wanted, found = f"\n{self.layout}\n", f"\n{name}", []
        line = before = 0
        at = text.find(wanted)
        while at >= 0:
            line, before = line + text.count("\n", before, at), at
            if text[at + len(wanted)] in "{\n":
                found.append(line)
            at = text.find(wanted, at + 1)
        return found


class Values:
    """The values of the scrape that is read, from which each `Published` takes what changed."""

    def __init__(self, lines: int = 0) -> None:
        self._values = array("d", bytes(_BYTES * min(lines, MOST_LINES)))
        self._blocks = [b""] * -(-len(self._values) // BLOCK)
        self._changed = set(range(len(self._blocks)))

    def put(self, line: int, value: float) -> None:
        """Take the value of a line."""
        if line < len(self._values):
            self._values[line] = value
            self._changed.add(line // BLOCK)

    def blocks(self) -> tuple[bytes, ...]:
        """All of them, packed; the same objects as before where nothing changed."""
        for number in self._changed:
            self._blocks[number] = self._values[number * BLOCK : (number + 1) * BLOCK].tobytes()
        self._changed.clear()
        return tuple(self._blocks)


def publish(samples: Sequence[tuple[str, float]], declared: Sequence[str] = ()) -> Published:
    """What is known sample by sample, with lines of TYPE or HELP before them."""
    values = Values(len(declared) + len(samples))
    for line, (_, value) in enumerate(samples, len(declared)):
        values.put(line, value)
    texts = [*declared, *(text for text, _ in samples)]
    left_out = max(len(texts) - MOST_LINES, 0)
    return Published("\n".join(texts[:MOST_LINES]), values.blocks(), left_out)
