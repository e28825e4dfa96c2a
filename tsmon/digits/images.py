"""Image files: which there are, what they show, and the label in their name."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = frozenset({".png", ".jpg", ".jpeg"})
DIGIT_SIDE = 28
"""Pixels of an MNIST digit, each way."""


class ImageError(Exception):
    """A folder or file that cannot be read as images; `str()` says which and why."""


@dataclass(frozen=True, slots=True)
class DigitImage:
    """An image file and the digit it shows, where that is known."""

    path: Path
    label: str | None

    @classmethod
    def at(cls, path: Path) -> DigitImage:
        """The image at a path, labelled by its name."""
        return cls(path, label_in_name(path))

    def read(self) -> bytes:
        """The file's bytes, to be sent as they are.

        Raises:
            ImageError: it cannot be read.
        """
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise ImageError(f"cannot read {self.path}: {error.strerror or error}") from None


@dataclass(frozen=True, slots=True)
class PixelGrid:
    """Brightness values 0 to 255, row by row."""

    width: int
    height: int
    pixels: bytes

    def __post_init__(self) -> None:
        if len(self.pixels) != self.width * self.height:
            raise ValueError(f"{len(self.pixels)} pixels for {self.width} by {self.height}")

    def at(self, x: int, y: int) -> int:
        """Brightness of the pixel in column `x` of row `y`."""
        return self.pixels[y * self.width + x]


def label_in_name(path: Path) -> str | None:
    """The digit that the name ends in before its suffix, as in `sample-017.4.png`."""
    last = path.stem[-1:]
    return last if last.isascii() and last.isdigit() else None


def find_images(folder: Path) -> tuple[DigitImage, ...]:
    """The PNG and JPEG files of a folder, by name.

    Raises:
        ImageError: the folder cannot be read.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    except OSError as error:
        raise ImageError(f"cannot read {folder}: {error.strerror or error}") from None
    return tuple(DigitImage.at(path) for path in paths)


def pick_random(
    images: Sequence[DigitImage], count: int, rng: random.Random | None = None
) -> list[DigitImage]:
    """`count` images in random order; none twice before all were taken once.

    Raises:
        ImageError: there are no images.
    """
    if not images:
        raise ImageError("there are no PNG or JPEG images to send")
    chooser = rng or random.Random()  # noqa: S311 (a choice of pictures, no secret)
    picked: list[DigitImage] = []
    while len(picked) < count:
        picked += chooser.sample(images, min(count - len(picked), len(images)))
    return picked


def preview(image: DigitImage, side: int = DIGIT_SIDE) -> PixelGrid:
    """The picture in grey, fitted into `side` by `side` pixels on black.

    Raises:
        ImageError: it is no image.
    """
    # Imported here because Pillow costs more to import than most commands need to run.
    from PIL import Image, ImageOps

    try:
        with Image.open(image.path) as picture:
            fitted = ImageOps.pad(picture.convert("RGB").convert("L"), (side, side))
            return PixelGrid(side, side, fitted.tobytes())
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImageError(f"{image.path.name} is no image: {error}") from None


def picture_size(image: DigitImage) -> tuple[int, int]:
    """Width and height in the file, in pixels, without decoding the picture.

    Raises:
        ImageError: it is no image.
    """
    from PIL import Image

    try:
        with Image.open(image.path) as picture:
            return picture.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImageError(f"{image.path.name} is no image: {error}") from None
