"""Folders of images, and labels set by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tsmon.digits.folders import Labels, read_folder
from tsmon.digits.images import DigitImage, ImageError


def test_a_folder_has_its_images_and_the_folders_that_are_not_hidden(tmp_path: Path) -> None:
    for name in ("b", "a", ".hidden", "odd.png"):
        (tmp_path / name).mkdir()
    (tmp_path / "x.7.png").touch()
    folder = read_folder(tmp_path)
    assert [path.name for path in folder.folders] == ["a", "b", "odd.png"]
    assert [image.path.name for image in folder.images] == ["x.7.png"]
    assert folder.parent == tmp_path.parent


def test_there_is_nothing_above_the_top() -> None:
    assert read_folder(Path("/")).parent is None


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"cannot read .*/absent"):
        read_folder(tmp_path / "absent")


def test_a_label_that_was_set_is_the_one_that_counts() -> None:
    labels, image, other = (
        Labels(),
        DigitImage(Path("x.7.png"), "7"),
        DigitImage(Path("y.1.png"), "1"),
    )
    assert labels.set(image, "3").label == "3"
    assert labels.apply(image).label == "3"
    assert labels.apply(other) is other
    labels.set(image, None)
    assert labels.apply(image).label is None
