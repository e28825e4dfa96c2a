"""MNIST's own files as images."""

from __future__ import annotations

import gzip
import io
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tsmon.digits.datasets import is_dataset, read_dataset
from tsmon.digits.folders import find_images, read_folder
from tsmon.digits.images import preview
from tsmon.payloads.payload import PayloadError

SIDE = 28
SIZE = SIDE * SIDE
COUNT = 12
PIXELS = random.Random(1).randbytes(COUNT * SIZE)
LABELS = [number % 10 for number in range(COUNT)]
IMAGES_IDX = struct.pack(">HBBIII", 0, 8, 3, COUNT, SIDE, SIDE) + PIXELS
LABELS_IDX = struct.pack(">HBBI", 0, 8, 1, COUNT) + bytes(LABELS)
NAMES = ["a.npz", "a-images-idx3-ubyte", "a-images-idx3-ubyte.gz"]


def npy(shape: tuple[int, ...], data: bytes, descr: str = "|u1") -> bytes:
    header = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def npz(file: Path, **arrays: bytes) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            archive.writestr(f"{name}.npy", array)
    return file


def idx(folder: Path) -> Path:
    (folder / "t10k-images-idx3-ubyte").write_bytes(IMAGES_IDX)
    (folder / "t10k-labels-idx1-ubyte").write_bytes(LABELS_IDX)
    return folder / "t10k-images-idx3-ubyte"


def packed(folder: Path) -> Path:
    (folder / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(IMAGES_IDX))
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(LABELS_IDX))
    return folder / "train-images-idx3-ubyte.gz"


def keras(folder: Path) -> Path:
    labels = npy((COUNT,), struct.pack(f"<{COUNT}q", *LABELS), "<i8")
    return npz(folder / "mnist.npz", x_test=npy((COUNT, SIDE, SIDE), PIXELS), y_test=labels)


@pytest.mark.parametrize("make", [idx, packed, keras])
def test_images_and_labels_are_those_of_the_file(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    file = make(tmp_path)

    images = read_dataset(file)

    assert is_dataset(file)
    assert [image.label for image in images] == list(map(str, LABELS))
    assert images[3].path == file / "00003"
    with Image.open(io.BytesIO(images[3].read())) as picture:
        assert picture.tobytes() == PIXELS[3 * SIZE : 4 * SIZE]
    assert preview(images[0]).pixels == PIXELS[:SIZE]


def test_a_folder_has_them_as_a_folder_and_a_search_finds_them(tmp_path: Path) -> None:
    file = idx(tmp_path)

    assert read_folder(tmp_path).folders == (file,)
    assert len(read_folder(file).payloads) == COUNT
    assert len(find_images(tmp_path)) == COUNT


def test_without_a_file_of_labels_there_are_none(tmp_path: Path) -> None:
    file = idx(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()

    assert {image.label for image in read_dataset(file)} == {None}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is not an IDX file"),
        (b"PK\x03\x04", "is not an IDX file"),
        (IMAGES_IDX[:-1], "is damaged"),
        (struct.pack(">HBBIII", 0, 8, 3, 2**31, 28, 28), "is damaged"),
        (LABELS_IDX, "no images of one byte a pixel"),
    ],
)
def test_what_is_no_idx_file_is_said(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "x-images-idx3-ubyte"
    file.write_bytes(content)

    with pytest.raises(PayloadError, match=words):
        read_dataset(file)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"z": npy((1,), b"a")}, "none of the arrays"),
        ({"x": b"nothing"}, "not an array of NumPy"),
        ({"x": npy((COUNT, SIDE, SIDE), PIXELS[1:])}, "is damaged"),
        ({"x": npy((10**15, SIDE, SIDE), PIXELS)}, "is damaged"),
        ({"x": npy((COUNT, SIDE, SIDE), PIXELS, "|O")}, "not an array of whole numbers"),
        (
            {"x": npy((COUNT, SIDE, SIDE), PIXELS), "y": npy((1,), b"\x01")},
            "12 images and 1 labels",
        ),
        ({"x": npy((1, 1, 1), b"a"), "y": npy((1,), b"\x0b")}, "has the label 11"),
    ],
)
def test_what_is_wrong_with_an_npz_file_is_said(
    tmp_path: Path, arrays: dict[str, bytes], words: str
) -> None:
    with pytest.raises(PayloadError, match=words):
        read_dataset(npz(tmp_path / "x.npz", **arrays))


@given(st.binary(max_size=200), st.sampled_from(NAMES))
def test_any_bytes_are_images_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str
) -> None:
    file = tmp_path_factory.mktemp("any") / name
    file.write_bytes(data)
    try:
        read_dataset(file)
    except PayloadError as error:
        assert name in str(error)


def test_images_without_pixels_are_refused_however_many_are_announced(tmp_path: Path) -> None:
    file = tmp_path / "t10k-images-idx3-ubyte"
    file.write_bytes(struct.pack(">HBBIII", 0, 8, 3, 2**32 - 1, 0, 28))
    with pytest.raises(PayloadError, match="without pixels"):
        read_dataset(file)
