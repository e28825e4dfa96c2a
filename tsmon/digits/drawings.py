"""Drawn digits as PNG files: in memory to be sent, in a folder of the user's to be kept."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

from platformdirs import user_data_path

from tsmon.digits.images import DigitImage, PixelGrid
from tsmon.payloads.payload import PayloadError

DRAWN = Path("drawing")
"""The name of a drawing that is in no file yet."""


def default_drawings() -> Path:
    """Where drawn digits are kept by default."""
    return user_data_path("tsmon") / "digits"


class Drawing(DigitImage, frozen=True):
    """A drawing to be sent without a file."""

    png: bytes = b""

    def read(self) -> bytes:
        """The picture as a PNG file has it."""
        return self.png

    @classmethod
    def of(cls, pixels: PixelGrid) -> Drawing:
        """The picture of these pixels, without a label."""
        return cls(DRAWN, png=encode_png(pixels))


def encode_png(pixels: PixelGrid) -> bytes:
    """The pixels as the bytes of a grey PNG file."""
    from PIL import Image

    file = io.BytesIO()
    Image.frombytes("L", (pixels.width, pixels.height), pixels.pixels).save(file, "PNG")
    return file.getvalue()


def save_drawing(
    folder: Path, pixels: PixelGrid, label: str | None, drawn: datetime | None = None
) -> DigitImage:
    """Write a drawing into a folder, which is made when it is not there.

    Its name ends in the label, as in `drawn-20261122-154501-042.7.png`; no file is written over.

    Raises:
        PayloadError: the folder or the file cannot be written.
    """
    stamp = f"{drawn or datetime.now():%Y%m%d-%H%M%S-%f}"[:-3]
    path = folder / f"drawn-{stamp}.{label or 'unlabelled'}.png"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(encode_png(pixels))
    except OSError as error:
        raise PayloadError(f"cannot write {path}: {error.strerror or error}") from None
    return DigitImage(path, label)
