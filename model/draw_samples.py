"""Write digits with a pen of our own: ``python -m model.draw_samples --out FOLDER --count 120``.

These pictures belong to the project, unlike MNIST's, and they are none that the network was trained
with. The character before ``.png`` in a name is the digit: ``sample-017.7.png``.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw, ImageOps
from rich.console import Console

from model.arguments import count
from model.strokes import SHAPES, WIDTH, Point, Shape, Stroke

SIDE = 28
_FINE = 8
"""Drawn this many times larger and scaled down, so that the edges come out smooth."""
_PER_SPAN = 24
"""Dabs of the pen from one point of a stroke to the next."""


@dataclass(frozen=True)
class Hand:
    """What differs from one writing of a digit to the next. Lengths are shares of the picture."""

    height: float
    width: float
    slant: float
    """How far the top leans to the right, as a share of the height."""
    turn: float
    """Rotation in radians."""
    pen: float
    """Mean diameter of the pen."""
    pressure: float
    """The diameter swings by this share while the pen moves."""
    phase: float
    """Where in that swing the pen starts, in radians."""
    wobble: float
    """Standard deviation of the points of the strokes, as a share of the digit's box."""
    stand: Point
    """Where it stands in the room left over, across and down: 0 in the middle, 0.5 at an edge."""

    @classmethod
    def any(cls, random: Random) -> Hand:
        """A hand among those that people would still call tidy."""
        height = random.uniform(0.57, 0.69)
        return cls(
            height=height,
            width=height * WIDTH * random.uniform(0.8, 1.35),
            slant=random.triangular(-0.2, 0.45, 0.1),
            turn=math.radians(random.triangular(-9, 9)),
            pen=random.uniform(0.05, 0.11),
            pressure=random.uniform(0, 0.25),
            phase=random.uniform(0, 2 * math.pi),
            wobble=random.uniform(0.012, 0.032),
            stand=(random.uniform(-0.25, 0.25), random.uniform(-0.25, 0.25)),
        )

    def place(self, point: Point) -> Point:
        """From the box of `model.strokes` to the picture, around its upper left corner."""
        right, down = (point[0] - 0.5) * self.width, (point[1] - 0.5) * self.height
        right -= self.slant * down
        cos, sin = math.cos(self.turn), math.sin(self.turn)
        return cos * right - sin * down, sin * right + cos * down

    def radius(self, dab: int) -> float:
        """Of the pen, when it has made so many dabs."""
        return self.pen * (1 + self.pressure * math.sin(self.phase + dab / _PER_SPAN)) / 2


def draw_digit(digit: int, random: Random, side: int = SIDE) -> Image.Image:
    """A picture of the digit in mode ``L``, light on dark, written by a chance hand."""
    hand = Hand.any(random)
    strokes = _wobbled(random.choice(SHAPES[digit]), hand, random)
    dabs = [(*hand.place(point), hand.radius(dab)) for dab, point in enumerate(_path(strokes))]
    right = _offset([x - r for x, _, r in dabs], [x + r for x, _, r in dabs], hand.stand[0])
    down = _offset([y - r for _, y, r in dabs], [y + r for _, y, r in dabs], hand.stand[1])
    large = side * _FINE
    canvas = Image.new("L", (large, large))
    brush = ImageDraw.Draw(canvas)
    for x, y, r in dabs:
        edges = (x + right - r, y + down - r, x + right + r, y + down + r)
        brush.ellipse([large * edge for edge in edges], fill=255)
    return canvas.resize((side, side), Image.Resampling.BOX)


def draw_samples(folder: Path, total: int, seed: int, side: int = SIDE, dark: bool = False) -> None:
    """Write the pictures, one digit after the other, 0 to 9 and again.

    A picture depends on the seed and its number alone, not on how many there are.

    Raises:
        OSError: The folder cannot be made or written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(total):
        digit = number % 10
        picture = draw_digit(digit, Random(f"{seed}/{number}"), side)  # noqa: S311 - no secret
        if dark:
            picture = ImageOps.invert(picture)
        picture.save(folder / f"sample-{number:03}.{digit}.png", optimize=True)


def _offset(lows: list[float], highs: list[float], stand: float) -> float:
    """How far to move what reaches from the lowest to the highest, so that it stands there."""
    room = 1 - (max(highs) - min(lows))
    return room * (0.5 + stand) - min(lows)


def _wobbled(shape: Shape, hand: Hand, random: Random) -> list[Stroke]:
    """The strokes with each point a little off; the two points of a corner stay together."""
    strokes = []
    for stroke in shape:
        moved = {
            (x, y): (x + random.gauss(0, hand.wobble), y + random.gauss(0, hand.wobble))
            for x, y in dict.fromkeys(stroke)
        }
        strokes.append(tuple(moved[point] for point in stroke))
    return strokes


def _path(strokes: list[Stroke]) -> list[Point]:
    """Where the pen touches the paper: dense points on a smooth curve through each stroke."""
    dabs = []
    for stroke in strokes:
        # A Catmull-Rom spline needs a neighbour on both sides of each span.
        points = (stroke[0], *stroke, stroke[-1])
        for i in range(len(stroke) - 1):
            spans = points[i : i + 4]
            dabs += [_between(spans, step / _PER_SPAN) for step in range(_PER_SPAN + 1)]
    return dabs


def _between(points: Stroke, t: float) -> Point:
    """The Catmull-Rom spline of four points, from the second (t=0) to the third (t=1)."""
    before, start, end, after = points
    x, y = (
        0.5
        * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * (b - c) + d - a) * t**3)
        for a, b, c, d in zip(before, start, end, after, strict=True)
    )
    return x, y


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code: 0 done, 1 no place to write."""
    options = _parser().parse_args(arguments)
    try:
        draw_samples(options.out, options.count, options.seed, options.side, options.dark_on_light)
    except OSError as error:
        Console(stderr=True).print(f"error: {error}", style="red", markup=False)
        return 1
    Console().print(f"{options.count} digits in {options.out}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m model.draw_samples", description="Write digits.")
    add = parser.add_argument
    add("--out", type=Path, default=Path("artifacts/samples"), help="default: %(default)s")
    add("--count", type=count, default=120, help="default: %(default)s")
    add("--seed", type=int, default=1, help="default: %(default)s")
    add("--side", type=count, default=SIDE, help="of the pictures, in pixels; default: %(default)s")
    add("--dark-on-light", action="store_true", help="as with ink on paper")
    return parser


if __name__ == "__main__":
    sys.exit(main())
