"""Which class a payload is of: by its name, its folder, a file of labels, or a person's word.

Names and folders are believed of images of digits alone; a file may name any class.

A label that is wrong makes right answers wrong, so a name is believed only in a form that means
nothing else, and only where the names of the whole folder do not contradict it.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from tsmon.digits.images import DIGITS, DigitImage
from tsmon.payloads.payload import Payload, PayloadError, SomePayload
from tsmon.units import MIB
from tsmon.untrusted.files import read_text
from tsmon.untrusted.json import BadJson, parse_json

LABEL_FILES = ("labels.csv", "labels.tsv", "labels.txt", "labels.json")
"""Looked for in a folder, in this order."""
MOST_LABEL_BYTES = 16 * MIB
LONGEST_LABEL = 40
_TITLES = frozenset({"label", "class", "category", "target", "digit"})
"""What the column of labels is called where the first line has titles."""
_COUNTED = re.compile(r"(.*\.)?\d{2,}")
"""A stem that ends in a longer number: the names count, and those of one figure do too."""


def labelled(images: Sequence[DigitImage], root: Path) -> tuple[DigitImage, ...]:
    """The images of a folder and of those in it, each with the label that all of them allow.

    Raises:
        PayloadError: a file of labels cannot be read, or is none.
    """
    found = label_file_in(root)
    if found is not None:
        return with_labels(images, read_labels(found, classes=True), root)
    counting = {
        folder
        for folder, paths in _by_folder(images).items()
        if any(_COUNTED.fullmatch(path.stem) for path in paths)
    }
    return tuple(
        replace(image, label=None)
        if image.label is not None and image.path.parent in counting and not _of_folder(image.path)
        else image
        for image in images
    )


def label_source(payloads: Sequence[Payload], root: Path) -> str:
    """Where the labels of a folder come from; empty where its names carry none."""
    if (file := label_file_in(root)) is not None:
        return file.name
    have = [payload for payload in payloads if payload.label is not None]
    if not have:
        return ""
    return "folder names" if all(_of_folder(each.path) for each in have) else "file names"


def with_labels(
    images: Sequence[SomePayload], labels: Mapping[str, str], root: Path
) -> tuple[SomePayload, ...]:
    """The payloads with the labels of a file, which names them by path within the folder, or name.

    A line of a file is named by its number.
    """

    def label(path: Path) -> str | None:
        inner = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
        return labels.get(inner, labels.get(path.name))

    return tuple(replace(image, label=label(image.path)) for image in images)


def read_labels(file: Path, *, classes: bool = False) -> Mapping[str, str]:
    """The labels of a file by the name of the payload: lines of `NAME LABEL`, CSV or a JSON object.

    They are digits; with `classes` any names, unless most of them are digits.

    Raises:
        PayloadError: it cannot be read, or has something else in it.
    """
    try:
        text = read_text(file, MOST_LABEL_BYTES)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", "") or "it is not text in UTF-8"
        raise PayloadError(f"cannot read {file}: {reason}") from None
    in_json = file.suffix == ".json"
    pairs = _in_json(text, file) if in_json else _in_lines(text, file, classes=classes)
    labels = dict(pairs)
    digits = sum(label in DIGITS for label in labels.values())
    if classes and 2 * digits <= len(labels):
        _check_classes(labels, file)
        return labels
    for name, label in labels.items():
        if label not in DIGITS:
            raise PayloadError(f"{file}: {label!r} is not a valid label of {name}; use 0 to 9")
    return labels


def _check_classes(labels: Mapping[str, str], file: Path) -> None:
    for name, label in labels.items():
        if not label or len(label) > LONGEST_LABEL or not label.isprintable():
            raise PayloadError(
                f"{file}: {label[:LONGEST_LABEL]!r} is not a valid label of {name}; use a class "
                f"name of at most {LONGEST_LABEL} characters"
            )


def _in_json(text: str, file: Path) -> Iterable[tuple[str, str]]:
    try:
        found = parse_json(text)
    except BadJson as error:
        raise PayloadError(f"{file} is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise PayloadError(f"{file} is not an object of names and labels")
    return [(name, str(label)) for name, label in found.items()]


def _in_lines(text: str, file: Path, *, classes: bool) -> Iterable[tuple[str, str]]:
    separator = next((each for each in ("\t", ",", ";") if each in text), " ")
    lines = io.StringIO(text, newline=None)
    rows = csv.reader(lines, delimiter=separator, skipinitialspace=True)
    pairs = []
    for number, row in enumerate(_sound(rows, file), 1):
        if not row:
            continue
        if len(row) < 2:
            raise PayloadError(f"{file}, line {number}: a name and a label are required")
        name, label = row[0].strip(), row[-1].strip()
        # The first line may have titles.
        if number > 1 or label.isdecimal() or (classes and label.casefold() not in _TITLES):
            pairs.append((name, label))
    return pairs


def _sound(rows: Iterator[list[str]], file: Path) -> Iterator[list[str]]:
    """The rows of a table; what is no table is the error of this module."""
    try:
        yield from rows
    except csv.Error as error:
        raise PayloadError(f"{file} is not a table of names and labels: {error}") from None


def label_file_in(folder: Path) -> Path | None:
    """The file of labels that is read with a folder, if it has one."""
    return next((folder / name for name in LABEL_FILES if (folder / name).is_file()), None)


def _by_folder(images: Iterable[DigitImage]) -> Mapping[Path, list[Path]]:
    found: dict[Path, list[Path]] = defaultdict(list)
    for image in images:
        found[image.path.parent].append(image.path)
    return found


def _of_folder(path: Path) -> bool:
    return path.parent.name in DIGITS
