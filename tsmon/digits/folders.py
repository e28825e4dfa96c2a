"""Folders of images: what is in one, and the labels that were set by hand."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from tsmon.digits.datasets import is_dataset, read_dataset
from tsmon.digits.images import DIGITS, MOST_ENTRIES, DigitImage, entries, is_image
from tsmon.digits.labels import labelled
from tsmon.payloads.payload import PayloadError


class ImageFolder(Struct, frozen=True):
    """A folder as it was when it was read."""

    path: Path
    folders: tuple[Path, ...]
    """The folders in it that are not hidden, by name."""
    images: tuple[DigitImage, ...]
    """Its images, by name."""

    @property
    def parent(self) -> Path | None:
        """The folder above; None at the top."""
        return self.path.parent if self.path.parent != self.path else None


def read_folder(path: Path) -> ImageFolder:
    """Read a folder; one of folders that are called as digits has their images.

    Raises:
        PayloadError: it, or its file of labels, cannot be read.
    """
    path = path.absolute()
    if is_dataset(path):
        return ImageFolder(path, (), read_dataset(path))
    folders, images = _look_into(path)
    by_digit = [folder for folder in folders if folder.name in DIGITS]
    found = images or list(_below(by_digit))
    return ImageFolder(path, tuple(folders), labelled(found, path))


def find_images(path: Path) -> tuple[DigitImage, ...]:
    """The PNG and JPEG files of a folder and of all folders in it, by name, or MNIST's own files.

    Raises:
        PayloadError: it, one of those, or its file of labels cannot be read.
    """
    if is_dataset(path):
        return read_dataset(path)
    folders, images = _look_into(path)
    return labelled([*images, *_below(folders)], path)


def _look_into(path: Path) -> tuple[list[Path], list[DigitImage]]:
    """The folders that are not hidden, among them files of many images, and the images."""
    folders: list[Path] = []
    images: list[DigitImage] = []
    for each in entries(path):
        if _is_folder(each) or is_dataset(path / each.name):
            folders += [] if each.name.startswith(".") else [path / each.name]
        elif is_image(each):
            images.append(DigitImage.at(path / each.name))
    return folders, images


def _below(folders: Iterable[Path]) -> Iterator[DigitImage]:
    """The images of these folders and of those in them; links are not followed."""
    left = MOST_ENTRIES
    waiting = deque(folders)
    while waiting:
        folder = waiting.popleft()
        if folder.is_symlink():
            continue
        if is_dataset(folder):
            yield from read_dataset(folder)
            continue
        inner, images = _look_into(folder)
        left -= len(inner) + len(images)
        if left < 0:
            raise PayloadError(f"below {folder.parent} are more than {MOST_ENTRIES:,} entries")
        yield from images
        waiting.extend(inner)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads in a circle
        return False


class ImageLabels:
    """Labels that a person set for this session; the files keep their names."""

    def __init__(self) -> None:
        self._set: dict[Path, str | None] = {}

    def set(self, image: DigitImage, label: str | None) -> DigitImage:
        """Give an image a label, or with None leave it unknown."""
        self._set[image.path] = label
        return self.apply(image)

    def apply(self, image: DigitImage) -> DigitImage:
        """The image with the label that was set, or else that of its name."""
        if image.path not in self._set:
            return image
        return replace(image, label=self._set[image.path])
