"""Folders of images: what is in one, and the labels that were set by hand."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from tsmon.digits.images import DigitImage, entries, is_image


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
    """Read a folder.

    Raises:
        ImageError: it cannot be read.
    """
    path = path.absolute()
    folders: list[Path] = []
    images: list[DigitImage] = []
    for each in entries(path):
        if _is_folder(each):
            folders += [] if each.name.startswith(".") else [path / each.name]
        elif is_image(each):
            images.append(DigitImage.at(path / each.name))
    return ImageFolder(path, tuple(folders), tuple(images))


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
