"""Image files: which there are, what they show, and the label in their name."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.payloads.payload import Payload, PayloadError

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

SUFFIXES = frozenset({".png", ".jpg", ".jpeg"})
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF")
"""What is decoded; Pillow knows formats that start programs to be read."""
MOST_PIXELS = 50_000_000
"""Of a picture that is decoded here, which takes four bytes a pixel."""
MOST_ENTRIES = 100_000
"""Of a folder."""
DIGITS = frozenset("0123456789")
DIGIT_SIDE = 28
"""Pixels of an MNIST digit, each way."""


class DigitImage(Payload, frozen=True):
    """An image file and the digit it shows, where that is known."""

    @classmethod
    def at(cls, path: Path) -> DigitImage:
        """The image at a path, labelled by its name."""
        return cls(path, label_in_name(path))


class PixelGrid(Struct, frozen=True):
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
    """The digit between the last two dots, as in `sample-017.4.png`; or a whole name or folder.

    `img_10.jpg` and `IMG_2034.JPG` carry none: their figures count.
    """
    folder = path.parent.name if path.parent.name in DIGITS else None
    _, dot, last = path.stem.rpartition(".")
    named = last if last in DIGITS else None
    if folder and dot and named and folder != named:
        return None
    return folder or named


def is_image(entry: os.DirEntry[str]) -> bool:
    """Whether it is called as PNG and JPEG files are."""
    return os.path.splitext(entry.name)[1].lower() in SUFFIXES  # noqa: PTH122 (ten times as fast)


def entries(folder: Path) -> list[os.DirEntry[str]]:
    """What is in a folder, by name.

    Raises:
        PayloadError: it cannot be read, or has more entries than a person could look through.
    """
    try:
        with os.scandir(folder) as found:
            some = list(islice(found, MOST_ENTRIES + 1))
    except OSError as error:
        raise PayloadError(f"cannot read {folder}: {error.strerror or error}") from None
    if len(some) > MOST_ENTRIES:
        raise PayloadError(
            f"{folder} has more than {MOST_ENTRIES:,} entries; choose a smaller folder"
        )
    return sorted(some, key=lambda entry: entry.name)


def preview(image: DigitImage, side: int = DIGIT_SIDE) -> PixelGrid:
    """The picture in grey, fitted into `side` by `side` pixels on black.

    Raises:
        PayloadError: it is no image.
    """
    with _opened(image) as picture:
        from PIL import ImageOps

        picture.draft("L", (side, side))  # has a JPEG decoded at a fraction of its size
        fitted = ImageOps.pad(picture.convert("RGB").convert("L"), (side, side))
        return PixelGrid(side, side, fitted.tobytes())


def picture_size(image: DigitImage) -> tuple[int, int]:
    """Width and height in the file, in pixels, without decoding the picture.

    Raises:
        PayloadError: it is no image.
    """
    with _opened(image) as picture:
        return picture.size


@contextmanager
def _opened(image: DigitImage) -> Iterator[Picture]:
    """A picture that is not too large to be decoded; failing to is an `PayloadError` too."""
    # Imported here because Pillow costs more to import than most commands need to run.
    from PIL import Image, UnidentifiedImageError

    data = image.read()
    # A picture that Pillow thinks a bomb it warns of, on the screen; the limit below is lower.
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                size = f"{picture.width:,} by {picture.height:,} pixels"
                raise PayloadError(f"{image.path.name} has {size}, too many to show")
            yield picture
    except PayloadError:
        raise
    except UnidentifiedImageError:  # its own words name the buffer, not the file
        formats = f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
        raise PayloadError(f"{image.path.name} is not an image: not {formats}") from None
    except Exception as error:  # noqa: BLE001 (Pillow's decoders raise anything where the bytes are damaged)
        raise PayloadError(f"{image.path.name} is not an image: {error}") from None
