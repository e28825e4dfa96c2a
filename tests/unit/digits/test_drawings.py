"""Drawn digits as files."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tsmon.digits.drawings import Drawing, default_drawings, save_drawing
from tsmon.digits.folders import find_images
from tsmon.digits.images import DigitImage, PixelGrid
from tsmon.payloads.payload import PayloadError

PIXELS = PixelGrid(28, 28, bytes(range(256)) * 3 + bytes(16))
NOON = datetime(2026, 11, 22, 12, 0, 1, 234567)


def test_a_drawing_is_sent_as_a_grey_png_without_a_file() -> None:
    drawing = Drawing.of(PIXELS)
    assert drawing.label is None
    with Image.open(BytesIO(drawing.read())) as picture:
        assert (picture.format, picture.mode, picture.size) == ("PNG", "L", (28, 28))
        assert picture.tobytes() == PIXELS.pixels


@pytest.mark.parametrize("label", ["7", None])
def test_a_kept_drawing_is_found_with_its_label(tmp_path: Path, label: str | None) -> None:
    folder = tmp_path / "deep" / "digits"
    kept = save_drawing(folder, PIXELS, label, NOON)
    assert kept.path.name == f"drawn-20261122-120001-234.{label or 'unlabelled'}.png"
    assert find_images(folder) == (DigitImage(kept.path, label),)
    with Image.open(kept.path) as picture:
        assert picture.tobytes() == PIXELS.pixels


def test_no_file_is_written_over(tmp_path: Path) -> None:
    kept = save_drawing(tmp_path, PIXELS, "7", NOON)
    with pytest.raises(PayloadError, match=r"cannot write .*\.7\.png: File exists"):
        save_drawing(tmp_path, PixelGrid(28, 28, bytes(784)), "7", NOON)
    with Image.open(kept.path) as picture:
        assert picture.tobytes() == PIXELS.pixels


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PayloadError, match="cannot write"):
        save_drawing(tmp_path / "file", PIXELS, "7")


def test_by_default_they_are_among_the_users_own_data() -> None:
    assert default_drawings().is_relative_to(Path.home())
