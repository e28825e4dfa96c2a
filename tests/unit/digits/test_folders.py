"""Folders of images, and labels set by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tsmon.digits import images
from tsmon.digits.folders import PayloadLabels, read_folder
from tsmon.digits.images import DigitImage
from tsmon.payloads.payload import PayloadError


def test_a_folder_has_its_images_and_the_folders_that_are_not_hidden(tmp_path: Path) -> None:
    for name in ("b", "a", ".hidden", "odd.png"):
        (tmp_path / name).mkdir()
    (tmp_path / "x.7.png").touch()
    folder = read_folder(tmp_path)
    assert [path.name for path in folder.folders] == ["a", "b", "odd.png"]
    assert [image.path.name for image in folder.payloads] == ["x.7.png"]
    assert folder.parent == tmp_path.parent


def test_there_is_nothing_above_the_top() -> None:
    assert read_folder(Path("/")).parent is None


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(PayloadError, match=r"cannot read .*/absent"):
        read_folder(tmp_path / "absent")


def test_a_label_that_was_set_is_the_one_that_counts() -> None:
    labels, image, other = (
        PayloadLabels(),
        DigitImage(Path("x.7.png"), "7"),
        DigitImage(Path("y.1.png"), "1"),
    )
    assert labels.set(image, "3").label == "3"
    assert labels.apply(image).label == "3"
    assert labels.apply(other) is other
    labels.set(image, None)
    assert labels.apply(image).label is None


def test_a_folder_of_more_than_anybody_looks_through_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "MOST_ENTRIES", 3)
    for number in range(4):
        (tmp_path / f"{number}.png").touch()

    with pytest.raises(PayloadError, match="more than 3 entries"):
        read_folder(tmp_path)


def test_a_link_in_a_circle_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to("circle")
    assert read_folder(tmp_path).folders == ()


def test_what_lies_beside_as_many_images_is_left_out_and_said(tmp_path: Path) -> None:
    (tmp_path / "x.7.png").touch()
    (tmp_path / "README.md").touch()
    folder = read_folder(tmp_path)
    assert folder.is_images
    assert folder.words == "1 image, 1 file left out"
    (tmp_path / "a.json").touch()
    folder = read_folder(tmp_path)
    assert not folder.is_images
    assert folder.words == "3 payloads"
