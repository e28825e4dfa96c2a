"""Labels that can be believed, and none where they cannot."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tsmon.digits.folders import find_images, read_folder
from tsmon.digits.images import DigitImage, label_in_name
from tsmon.digits.labels import read_labels, with_labels
from tsmon.payloads.payload import PayloadError


def made(folder: Path, *names: str) -> Path:
    """A folder with empty files of these names."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def labels(folder: Path) -> dict[str, str | None]:
    return {image.path.relative_to(folder).as_posix(): image.label for image in find_images(folder)}


@pytest.mark.parametrize("name", ["img_10.jpg", "IMG_2034.JPG", "scan4.png", "v1.10.png", "x7.png"])
def test_a_number_in_a_name_is_no_label(name: str) -> None:
    assert label_in_name(Path(name)) is None


def test_a_folder_is_called_as_the_digits_in_it(tmp_path: Path) -> None:
    made(tmp_path, "testing/7/101.png", "testing/0/5.png", "testing/0/x.5.png", "other/1.2.png")

    assert labels(tmp_path) == {
        "other/1.2.png": "2",
        "testing/0/5.png": "0",
        "testing/0/x.5.png": None,  # the folder says 0, the name 5
        "testing/7/101.png": "7",
    }


def test_names_that_count_carry_no_labels(tmp_path: Path) -> None:
    folder = made(tmp_path, *(f"scan.{number}.png" for number in range(1, 13)))

    assert set(labels(folder).values()) == {None}


def test_some_names_without_a_label_are_no_harm(tmp_path: Path) -> None:
    folder = made(tmp_path, "drawn-1.7.png", "drawn-2.unlabelled.png")

    assert labels(folder) == {"drawn-1.7.png": "7", "drawn-2.unlabelled.png": None}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("labels.csv", "name,label\na.png,7\nb/c.png,0\n"),
        ("labels.tsv", "a.png\t7\nb/c.png\t0\n"),
        ("labels.txt", "a.png 7\n\nb/c.png 0\n"),
        ("labels.json", '{"a.png": 7, "b/c.png": "0"}'),
    ],
)
def test_a_file_of_labels_is_believed(tmp_path: Path, name: str, text: str) -> None:
    made(tmp_path, "a.png", "b/c.png", "d.4.png")
    (tmp_path / name).write_text(text)

    assert labels(tmp_path) == {"a.png": "7", "b/c.png": "0", "d.4.png": None}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("labels.csv", "a.png,seven\nb.png,12\n", "'12' is not a valid label of b.png"),
        ("labels.txt", "a.png\n", "line 1: a name and a label are required"),
        ("labels.json", "[]", "is not an object"),
        ("labels.json", "{", "is not JSON"),
    ],
)
def test_what_is_wrong_with_a_file_of_labels_is_said(
    tmp_path: Path, name: str, text: str, words: str
) -> None:
    (tmp_path / name).write_text(text)

    with pytest.raises(PayloadError, match=re.escape(words)):
        read_labels(tmp_path / name)


def test_a_file_from_elsewhere_names_images_by_their_names(tmp_path: Path) -> None:
    images = [DigitImage(tmp_path / "x" / "a.png", None)]

    assert with_labels(images, {"a.png": "3"}, tmp_path / "y")[0].label == "3"


def test_the_picker_opens_a_folder_of_digit_folders_as_one(tmp_path: Path) -> None:
    made(tmp_path, "7/101.png", "0/5a.png", "notes/x.3.png")

    assert [image.label for image in read_folder(tmp_path).payloads] == ["0", "7"]


def test_a_link_to_a_folder_above_is_not_followed(tmp_path: Path) -> None:
    made(tmp_path, "a/x.3.png")
    (tmp_path / "a" / "up").symlink_to(tmp_path)

    assert len(find_images(tmp_path)) == 1
