"""Image files: found, labelled, picked and previewed."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tsmon.digits.folders import find_images
from tsmon.digits.images import (
    DigitImage,
    PixelGrid,
    label_in_name,
    preview,
)
from tsmon.payloads.payload import PayloadError, pick_random

IMAGES = [DigitImage(Path(f"{n}.png"), None) for n in range(7)]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("sample-017.4.png", "4"),
        ("7.png", "7"),
        ("seven.png", None),
        ("four-4-.png", None),
        ("two².png", None),
        (".png", None),
    ],
)
def test_label_is_the_digit_a_name_ends_in(name: str, label: str | None) -> None:
    assert label_in_name(Path(name)) == label


def test_png_and_jpeg_files_are_found_by_name(tmp_path: Path) -> None:
    for name in ("b.3.PNG", "a.1.jpeg", "c.2.jpg", "notes.txt", "d"):
        (tmp_path / name).touch()
    found = find_images(tmp_path)
    assert [(image.path.name, image.label) for image in found] == [
        ("a.1.jpeg", "1"),
        ("b.3.PNG", "3"),
        ("c.2.jpg", "2"),
    ]


def test_folder_and_file_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(PayloadError, match=r"cannot read .*/absent: No such file or directory"):
        find_images(tmp_path / "absent")
    with pytest.raises(PayloadError, match=r"cannot read .*/7\.png: No such file or directory"):
        DigitImage.at(tmp_path / "7.png").read()


@given(st.integers(0, 50), st.randoms(use_true_random=False))
def test_none_is_picked_again_before_all_were(count: int, rng: random.Random) -> None:
    picked = pick_random(IMAGES, count, rng)
    assert len(picked) == count
    times = Counter(picked)
    most, least = max(times.values(), default=0), min(times[image] for image in IMAGES)
    assert most - least <= 1


def test_picks_differ_from_time_to_time() -> None:
    rng = random.Random(1)
    assert pick_random(IMAGES, 7, rng) != pick_random(IMAGES, 7, rng)


def test_nothing_can_be_picked_from_no_images() -> None:
    with pytest.raises(PayloadError, match="nothing to send"):
        pick_random([], 1)


@pytest.mark.parametrize("size", [(28, 28), (300, 100), (100, 300)])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1", "I;16"])
def test_picture_of_any_size_and_colour_is_fitted_on_black(
    tmp_path: Path, size: tuple[int, int], mode: str
) -> None:
    Image.new("L", size, 255).convert(mode).save(tmp_path / "white.png")
    grid = preview(DigitImage.at(tmp_path / "white.png"))
    assert (grid.width, grid.height, len(grid.pixels)) == (28, 28, 784)
    assert grid.at(14, 14) == 255
    assert grid.at(0, 0) == (255 if size == (28, 28) else 0)


def test_column_comes_before_row() -> None:
    assert PixelGrid(2, 3, bytes(range(6))).at(1, 2) == 5


def test_grid_has_a_pixel_for_every_place() -> None:
    with pytest.raises(ValueError, match="5 pixels for 2 by 3"):
        PixelGrid(2, 3, bytes(5))


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n truncated"])
def test_file_that_is_no_picture_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.png"
    path.write_bytes(content)
    with pytest.raises(PayloadError, match=r"odd\.png is not an image") as raised:
        preview(DigitImage.at(path))
    assert "BytesIO" not in str(raised.value)


@given(st.binary(max_size=64))
def test_damaged_picture_is_shown_or_refused(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "7.png"
    Image.new("L", (28, 28), 255).save(path)
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + noise + whole[middle + len(noise) :])
    try:
        assert preview(DigitImage.at(path)).width == 28
    except PayloadError as error:
        assert "7.png" in str(error)
