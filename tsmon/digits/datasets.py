"""MNIST as it is published: IDX files, packed or not, and npz files, as images with labels.

IDX is described at the end of http://yann.lecun.com/exdb/mnist/, npy in NumPy's `lib.format`.
"""

from __future__ import annotations

import ast
import gzip
import re
import zlib
from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import NamedTuple

from tsmon.digits.drawings import encode_png
from tsmon.digits.images import DigitImage, PixelGrid
from tsmon.payloads.payload import PayloadError
from tsmon.units import MIB
from tsmon.untrusted.archives import BadArchiveFile, read_member
from tsmon.untrusted.files import open_regular, read_bytes

MOST_DATASET_BYTES = 256 * MIB
"""Unpacked; MNIST's 60,000 training images take 47 MB."""
MOST_HEADER = 10_000
_IDX_IMAGES = re.compile(r"(?P<set>.*)images[-.]idx3[-.]ubyte(?P<gz>\.gz)?")
_UNSIGNED_BYTES = 0x08
_NPZ_IMAGES = ("x_test", "x_train", "images", "x")
"""Keras's names first; of several arrays the one to test with."""
_LABELS_OF = {"x_test": "y_test", "x_train": "y_train", "images": "labels", "x": "y"}
_INTEGERS = re.compile(r"[<|>=]?([ui])([1248])")


class DatasetImage(DigitImage, frozen=True):
    """An image within a file of many."""

    grid: PixelGrid = PixelGrid(0, 0, b"")

    def read(self) -> bytes:
        """The picture as a PNG file has it."""
        return encode_png(self.grid)


class _Array(NamedTuple):
    shape: tuple[int, ...]
    item: int
    """Bytes of a number."""
    is_big_endian: bool
    data: memoryview


def is_dataset(path: Path) -> bool:
    """Whether a file is called as MNIST's are."""
    return path.suffix == ".npz" or _IDX_IMAGES.fullmatch(path.name) is not None


def read_dataset(path: Path) -> tuple[DigitImage, ...]:
    """The images of a file in its order, each with its label if there are labels.

    An image's path is the file and its number in it: `t10k-images-idx3-ubyte/00042`.

    Raises:
        PayloadError: it cannot be read, or is none.
    """
    try:
        images, labels = _npz(path) if path.suffix == ".npz" else _idx(path)
    except OSError as error:
        raise PayloadError(f"cannot read {path}: {error.strerror or error}") from None
    if len(images.shape) != 3 or images.item != 1:
        raise PayloadError(f"{path} has no images of one byte a pixel")
    count, height, width = images.shape
    size = height * width
    if size == 0:
        raise PayloadError(f"{path} has images without pixels")
    if labels is not None and len(labels) != count:
        raise PayloadError(f"{path} has {count:,} images and {len(labels):,} labels")
    found = []
    for at in range(count):
        grid = PixelGrid(width, height, bytes(images.data[at * size : (at + 1) * size]))
        found.append(DatasetImage(path / f"{at:05d}", labels[at] if labels else None, grid=grid))
    return tuple(found)


def _idx(path: Path) -> tuple[_Array, Sequence[str] | None]:
    images = _idx_array(path)
    beside = path.with_name(path.name.replace("images", "labels").replace("idx3", "idx1"))
    others = (beside, beside.with_suffix("") if beside.suffix == ".gz" else Path(f"{beside}.gz"))
    found = next((each for each in others if each.is_file()), None)
    return images, _labels(_idx_array(found), found) if found else None


def _idx_array(path: Path) -> _Array:
    data = _unpacked(path) if path.suffix == ".gz" else read_bytes(path, MOST_DATASET_BYTES)
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] != _UNSIGNED_BYTES:
        raise PayloadError(f"{path} is not an IDX file of bytes")
    start = 4 + 4 * data[3]
    shape = tuple(int.from_bytes(data[at : at + 4]) for at in range(4, start, 4))
    return _whole(_Array(shape, 1, True, memoryview(data)[start:]), path)


def _unpacked(path: Path) -> bytes:
    try:
        with open_regular(path) as file, gzip.open(file) as packed:
            data = packed.read(MOST_DATASET_BYTES + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise PayloadError(f"{path} is not a gzip file, or damaged") from None
    if len(data) > MOST_DATASET_BYTES:
        raise PayloadError(f"{path} unpacks to more than {MOST_DATASET_BYTES // MIB} MiB")
    return data


def _npz(path: Path) -> tuple[_Array, Sequence[str] | None]:
    for name in _NPZ_IMAGES:
        images = _npy(path, name)
        if images is not None:
            labels = _npy(path, _LABELS_OF[name])
            return images, _labels(labels, path) if labels else None
    raise PayloadError(f"{path} has none of the arrays {', '.join(_NPZ_IMAGES)}")


def _npy(path: Path, name: str) -> _Array | None:
    try:
        data = read_member(path, f"{name}.npy", MOST_DATASET_BYTES)
    except KeyError:
        return None
    except BadArchiveFile as error:
        raise PayloadError(f"{path} is not an npz file: {error}") from None
    wide = data[6:7] > b"\x01"  # of the format's version 2 on the header may be longer
    start = 12 if wide else 10
    length = int.from_bytes(data[8:start], "little")
    if data[:6] != b"\x93NUMPY" or length > MOST_HEADER:
        raise PayloadError(f"{path}: {name} is not an array of NumPy's")
    try:
        header = ast.literal_eval(data[start : start + length].decode("latin-1"))
        kind = _INTEGERS.fullmatch(header["descr"])
        shape = tuple(int(each) for each in header["shape"])
        is_plain = not header["fortran_order"]
    except (ValueError, SyntaxError, TypeError, KeyError, MemoryError, RecursionError):
        raise PayloadError(f"{path}: {name} is not an array of NumPy's") from None
    if kind is None or not is_plain:
        raise PayloadError(f"{path}: {name} is not an array of whole numbers, row by row")
    is_big = header["descr"].startswith(">")
    return _whole(_Array(shape, int(kind[2]), is_big, memoryview(data)[start + length :]), path)


def _whole(array: _Array, path: Path) -> _Array:
    if any(side < 0 for side in array.shape) or prod(array.shape) * array.item != len(array.data):
        raise PayloadError(f"{path} is damaged: it has other bytes than its size says")
    return array


def _labels(array: _Array, path: Path) -> Sequence[str]:
    if len(array.shape) != 1:
        raise PayloadError(f"the labels of {path} are not one number for each image")
    order = "big" if array.is_big_endian else "little"
    step = array.item
    numbers = (
        int.from_bytes(array.data[at : at + step], order)  # type: ignore[arg-type]
        for at in range(0, len(array.data), step)
    )
    labels = [str(number) for number in numbers]
    if wrong := next((label for label in labels if len(label) != 1), None):
        raise PayloadError(f"{path} has the label {wrong}; digits are 0 to 9")
    return labels
