"""A drawing of a digit: strokes of soft ink on 28 by 28 pixels, with undo and redo."""

from __future__ import annotations

import math
from enum import Enum

from msgspec import Struct

from tsmon.digits.images import DIGIT_SIDE, PixelGrid

Point = tuple[float, float]
"""Column and row in pixels; the middle of the first pixel is (0.5, 0.5)."""

UNDO_MOST = 200
"""Strokes that can be taken back."""
_EDGE = 0.5
"""Half the width, in pixels, over which ink fades out; that of MNIST does so over about one."""
_BLANK = bytes(DIGIT_SIDE * DIGIT_SIDE)


class Brush(Enum):
    """The pens, by the radius of their full ink in pixels."""

    FINE = 0.6
    MEDIUM = 1.0
    BROAD = 1.5
    HUGE = 2.2

    @property
    def word(self) -> str:
        """What a person calls it."""
        return self.name.lower()

    @property
    def larger(self) -> Brush:
        """The next one; after the largest comes none."""
        brushes = list(Brush)
        return brushes[min(brushes.index(self) + 1, len(brushes) - 1)]

    @property
    def smaller(self) -> Brush:
        """The one before; before the smallest comes none."""
        brushes = list(Brush)
        return brushes[max(brushes.index(self) - 1, 0)]


class Pen(Struct, frozen=True):
    """What a stroke is made with."""

    brush: Brush = Brush.MEDIUM
    erases: bool = False


class Canvas:
    """Light ink on black ground. A stroke begins with `press` and goes on with `drag`."""

    def __init__(self) -> None:
        self._pixels = bytearray(_BLANK)
        self._past: list[bytes] = []
        self._future: list[bytes] = []
        self._pen = Pen()
        self._at: Point | None = None

    @property
    def pixels(self) -> PixelGrid:
        """The drawing as it is now."""
        return PixelGrid(DIGIT_SIDE, DIGIT_SIDE, bytes(self._pixels))

    @property
    def is_blank(self) -> bool:
        """Whether there is no ink at all."""
        return self._pixels == _BLANK

    @property
    def can_undo(self) -> bool:
        """Whether there is a stroke to take back."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether a stroke was taken back that can be had again."""
        return bool(self._future)

    def press(self, at: Point, pen: Pen) -> None:
        """Put the pen down: a stroke of its own for `undo`."""
        self._remember()
        self._pen, self._at = pen, at
        self._ink(at, at)

    def drag(self, to: Point) -> None:
        """Draw a straight line from where the pen is; without a pressed pen nothing happens."""
        if self._at is not None:
            self._ink(self._at, to)
            self._at = to

    def lift(self) -> None:
        """End the stroke."""
        self._at = None

    def clear(self) -> None:
        """Take all the ink away, which can be undone; a blank canvas stays as it is."""
        self.lift()
        if not self.is_blank:
            self._remember()
            self._pixels[:] = _BLANK

    def undo(self) -> None:
        """Take the last stroke or `clear` back, if there is one."""
        self.lift()
        self._step(self._past, self._future)

    def redo(self) -> None:
        """Have again what was taken back last, unless something was drawn since."""
        self.lift()
        self._step(self._future, self._past)

    def _remember(self) -> None:
        self._past.append(bytes(self._pixels))
        del self._past[:-UNDO_MOST]
        self._future.clear()

    def _step(self, source: list[bytes], target: list[bytes]) -> None:
        if source:
            target.append(bytes(self._pixels))
            self._pixels[:] = source.pop()

    def _ink(self, start: Point, end: Point) -> None:
        """Ink, or rub out, everything near the line from start to end."""
        reach = self._pen.brush.value + _EDGE
        for y in _covered(start[1], end[1], reach):
            for x in _covered(start[0], end[0], reach):
                distance = _distance((x + 0.5, y + 0.5), start, end)
                share = min(max((reach - distance) / (2 * _EDGE), 0.0), 1.0)
                self._touch(y * DIGIT_SIDE + x, round(255 * share))

    def _touch(self, index: int, ink: int) -> None:
        old = self._pixels[index]
        self._pixels[index] = min(old, 255 - ink) if self._pen.erases else max(old, ink)


def _covered(one: float, other: float, reach: float) -> range:
    """The columns, or rows, that a line with this reach on both sides may touch."""
    low, high = min(one, other) - reach, max(one, other) + reach
    return range(max(math.floor(low), 0), min(math.ceil(high), DIGIT_SIDE))


def _distance(point: Point, start: Point, end: Point) -> float:
    """How far a point is from the line between two others."""
    across, down = end[0] - start[0], end[1] - start[1]
    length = across * across + down * down
    along = (point[0] - start[0]) * across + (point[1] - start[1]) * down
    share = min(max(along / length, 0.0), 1.0) if length else 0.0
    return math.hypot(
        point[0] - start[0] - share * across,
        point[1] - start[1] - share * down,
    )
