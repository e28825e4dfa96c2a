"""Payloads in files and folders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from tsmon.payloads.payload import (
    MOST_PAYLOAD_BYTES,
    Payload,
    PayloadError,
    Text,
    content_type_of,
)
from tsmon.untrusted.files import read_bytes

MOST_FILES = 100_000
"""Below a folder."""
MOST_LINES = 1_000_000
_OF_LINES = {"application/x-ndjson": "application/json", "text/csv": "text/plain"}
"""What a line is, where it is not what its file is."""


def find_payloads(path: Path) -> tuple[Payload, ...]:
    """A file, or the files of a folder and of those in it by name; hidden ones are left out.

    Raises:
        PayloadError: it cannot be read, or has too many entries.
    """
    if path.is_file():
        return (Payload.at(path),)
    found = tuple(islice(_files_below(path), MOST_FILES + 1))
    if len(found) > MOST_FILES:
        raise PayloadError(f"{path} has more than {MOST_FILES:,} files; choose a smaller folder")
    return tuple(Payload.at(each) for each in found)


def _files_below(folder: Path) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            inside = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise PayloadError(f"cannot read {folder}: {error.strerror or error}") from None
    for entry in inside:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _files_below(folder / entry.name)
        elif entry.is_file():
            yield folder / entry.name


def read_lines(path: Path, content_type: str = "") -> tuple[Payload, ...]:
    """The lines of a file, as `lines_of` gives them.

    Raises:
        PayloadError: it cannot be read, is no text, or has no lines.
    """
    try:
        text = read_bytes(path, MOST_PAYLOAD_BYTES).decode("utf-8-sig")
    except OSError as error:
        raise PayloadError(f"cannot read {path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise PayloadError(f"{path} is not text in UTF-8, so it has no lines to send") from None
    return lines_of(text, path, content_type)


def lines_of(text: str, path: Path, content_type: str = "") -> tuple[Payload, ...]:
    """The lines of a text that are not empty, each to be sent by itself.

    A line of `.jsonl` is JSON, one of `.csv` plain text, others what their file is; only line
    feeds end one, as JSON may have Unicode's other ends of lines in a string.

    Raises:
        PayloadError: it has no lines, or too many.
    """
    split = (line.removesuffix("\r") for line in text.split("\n"))
    lines = [(at, line) for at, line in enumerate(split, 1) if line.strip()]
    if not lines:
        raise PayloadError(f"{path} has no lines to send")
    if len(lines) > MOST_LINES:
        raise PayloadError(f"{path} has more than {MOST_LINES:,} lines")
    of_file = content_type_of(path)
    kind = content_type or _OF_LINES.get(of_file, of_file)
    if not content_type and "/" in kind and not kind.startswith(("text/", "application/json")):
        kind = "text/plain"
    return tuple(Text(path / str(at), None, kind, line) for at, line in lines)
