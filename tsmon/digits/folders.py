"""Folders of payloads: what is in one, and the labels that were set by hand."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from tsmon.digits.datasets import is_dataset, read_dataset
from tsmon.digits.images import DIGITS, MOST_ENTRIES, SUFFIXES, DigitImage, entries, is_image
from tsmon.digits.labels import (
    LABEL_FILES,
    label_file_in,
    label_source,
    labelled,
    read_labels,
    with_labels,
)
from tsmon.payloads.files import read_lines
from tsmon.payloads.payload import Payload, PayloadError, SomePayload, content_type_of
from tsmon.units import plural

_OF_RECORDS = frozenset({"application/x-ndjson", "text/csv", "text/plain"})
"""Files of these types have a payload in each line."""


class PayloadFolder(Struct, frozen=True):
    """A folder, or a file of many payloads, as it was when it was read."""

    path: Path
    folders: tuple[Path, ...]
    """The folders in it that are not hidden, by name."""
    payloads: tuple[Payload, ...]
    """Its images and other files, by name; the lines of a file in its order."""
    labels_from: str = ""
    """Where their labels come from; empty where there are none."""
    left_out: int = 0
    """Files beside at least as many images, such as a README."""

    @property
    def is_images(self) -> bool:
        """Whether there is nothing to send but images."""
        return all(isinstance(each, DigitImage) for each in self.payloads)

    @property
    def noun(self) -> str:
        """What its payloads are called."""
        return "image" if self.is_images else "payload"

    @property
    def words(self) -> str:
        """How many payloads it has, and what is left out."""
        words = plural(len(self.payloads), self.noun)
        return f"{words}, {plural(self.left_out, 'file')} left out" if self.left_out else words

    @property
    def parent(self) -> Path | None:
        """The folder above; None at the top."""
        return self.path.parent if self.path.parent != self.path else None


def read_folder(path: Path, labels: Path | None = None) -> PayloadFolder:
    """Read a folder, or a file of many payloads: MNIST's own, or text of several lines.

    A folder of folders that are called as digits has their images. `labels` is a file of labels
    that counts instead of what the names say.

    Raises:
        PayloadError: it, or its file of labels, cannot be read.
    """
    path = path.absolute()
    if is_dataset(path):
        folder = PayloadFolder(path, (), read_dataset(path), "the data set")
    elif path.is_file():
        folder = PayloadFolder(path, (), _in_file(path))
    else:
        folder = _read_folder(path)
    if labels is not None:
        named = with_labels(folder.payloads, read_labels(labels, classes=True), path)
        return replace(folder, payloads=named, labels_from=labels.name)
    if not any(each.label is not None for each in folder.payloads):
        return replace(folder, labels_from="")
    return folder


def _read_folder(path: Path) -> PayloadFolder:
    folders, images, others = _look_into(path)
    by_digit = [folder for folder in folders if folder.name in DIGITS]
    if not images and by_digit:
        images, others = list(_below(by_digit)), []
    named: tuple[Payload, ...] = labelled(images, path)
    left_out = len(others) if len(others) <= len(images) else 0
    if others and not left_out:
        if (file := label_file_in(path)) is not None:
            others = list(with_labels(others, read_labels(file, classes=True), path))
        named = tuple(sorted((*named, *others), key=lambda each: each.path.name))
    return PayloadFolder(path, tuple(folders), named, label_source(named, path), left_out)


def _in_file(path: Path) -> tuple[Payload, ...]:
    """The lines of a file that has them as its records; else the file alone."""
    if path.suffix.lower() in SUFFIXES:
        return (DigitImage.at(path),)
    if content_type_of(path) in _OF_RECORDS:
        return read_lines(path)
    return (Payload.at(path),)


def find_images(path: Path) -> tuple[DigitImage, ...]:
    """The PNG and JPEG files of a folder and of all folders in it, by name, or MNIST's own files.

    Raises:
        PayloadError: it, one of those, or its file of labels cannot be read.
    """
    if is_dataset(path):
        return read_dataset(path)
    folders, images, _ = _look_into(path)
    return labelled([*images, *_below(folders)], path)


def _look_into(path: Path) -> tuple[list[Path], list[DigitImage], list[Payload]]:
    """The folders that are not hidden, among them files of many images; the images; other files."""
    folders: list[Path] = []
    images: list[DigitImage] = []
    others: list[Payload] = []
    for each in entries(path):
        if _is_folder(each) or is_dataset(path / each.name):
            folders += [] if each.name.startswith(".") else [path / each.name]
        elif is_image(each):
            images.append(DigitImage.at(path / each.name))
        elif not each.name.startswith(".") and each.name not in LABEL_FILES and _is_file(each):
            others.append(Payload.at(path / each.name))
    return folders, images, others


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
        inner, images, _ = _look_into(folder)
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


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


class PayloadLabels:
    """Labels that a person set for this session; the files keep their names."""

    def __init__(self) -> None:
        self._set: dict[Path, str | None] = {}

    def set(self, image: SomePayload, label: str | None) -> SomePayload:
        """Give a payload a label, or with None leave it unknown."""
        self._set[image.path] = label
        return self.apply(image)

    def has(self, image: Payload) -> bool:
        """Whether a person labelled it."""
        return image.path in self._set

    def apply(self, image: SomePayload) -> SomePayload:
        """The payload with the label that was set, or else that of its name."""
        if image.path not in self._set:
            return image
        return replace(image, label=self._set[image.path])
