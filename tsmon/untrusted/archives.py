"""One member of a ZIP or gzipped tar file that others made, read within limits.

Nothing is ever unpacked to the disk, so links and names with `..` lead nowhere; a member that is
a link is not followed either.
"""

from __future__ import annotations

import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

from tsmon.units import MIB
from tsmon.untrusted.files import FileTooLarge, open_regular

LARGEST_READ = 8 * MIB
"""At once: so large may be the directory of a ZIP file, which is some 100,000 members."""
MOST_UNPACKED = 1024 * MIB
"""Of a tar file until the member is found; it has no directory."""

_CHUNK = MIB
_DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    ValueError,
    OverflowError,
    RuntimeError,  # it is encrypted; also NotImplementedError, packed in a way of its own
)


class BadArchiveFile(Exception):
    """The file is no archive, is damaged, or beyond the limits; `str()` says which."""


def read_member(path: Path, name: str, most: int) -> bytes:
    """The content of a ZIP file's member.

    Raises:
        OSError: the file cannot be read.
        BadArchiveFile: it is no ZIP file.
        KeyError: there is no such member.
        TooLarge: it has more than `most` bytes.
    """
    try:
        with (
            open_regular(path) as file,
            zipfile.ZipFile(_Bounded(file)) as archive,
            archive.open(name) as member,
        ):
            content = bytearray()
            while chunk := member.read(min(_CHUNK, most + 1 - len(content))):
                content += chunk
            return _within(bytes(content), path, most)
    except _DAMAGED as error:
        raise BadArchiveFile(str(error) or type(error).__name__) from None


def read_tar_member(path: Path, end: str, most: int) -> bytes:
    """The content of the first plain file in a `.tar.gz` whose name ends so.

    Raises:
        OSError: the file cannot be read.
        BadArchiveFile: it is no such archive.
        KeyError: there is no such member.
        TooLarge: it has more than `most` bytes.
    """
    try:
        with open_regular(path) as file, gzip.open(file) as unpacked:
            bounded = _Bounded(unpacked, MOST_UNPACKED)
            with tarfile.open(fileobj=bounded, mode="r:") as archive:
                found = next((m for m in archive if m.isreg() and m.name.endswith(end)), None)
                member = archive.extractfile(found) if found else None
                if member is None:
                    raise KeyError(end)
                return _within(member.read(most + 1), path, most)
    except (*_DAMAGED, gzip.BadGzipFile) as error:
        raise BadArchiveFile(str(error) or type(error).__name__) from None


def _within(content: bytes, path: Path, most: int) -> bytes:
    if len(content) > most:
        raise FileTooLarge(path, most)
    return content


class _Bounded(io.RawIOBase):
    """A file that gives only so many bytes at once, and has only so many.

    zipfile and tarfile ask for as many as a header of the file itself says.
    """

    def __init__(self, file: BinaryIO | gzip.GzipFile, end: int | None = None) -> None:
        self._file = file
        self._end = end

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Read exactly as the file does.

        Raises:
            BadArchiveFile: that is beyond the limits.
        """
        if size > LARGEST_READ:
            raise BadArchiveFile(f"a part of it claims {size:,} bytes")
        content = self._file.read(LARGEST_READ + 1 if size < 0 else size)
        if len(content) > LARGEST_READ:
            raise BadArchiveFile(f"a part of it has more than {LARGEST_READ:,} bytes")
        self._check(self._file.tell())
        return content

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        if whence == io.SEEK_SET:
            self._check(offset)
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def _check(self, place: int) -> None:
        if self._end is not None and place > self._end:
            raise BadArchiveFile(f"it unpacks to more than {self._end // MIB:,} MiB")
