"""What the digit model sees of a picture, by the handler's own code."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Protocol, cast

from tsmon.digits.images import DigitImage, PixelGrid
from tsmon.payloads.payload import PayloadError
from tsmon.units import MIB
from tsmon.untrusted.files import FileTooLarge, read_bytes

if TYPE_CHECKING:
    from PIL.Image import Image


class _Code(Protocol):
    """The part of `handler/preprocess.py` that is used here."""

    PictureError: type[ValueError]

    def read_picture(self, data: bytes) -> Image: ...

    def to_digit(self, picture: Image) -> Image: ...


class Preprocessing:
    """The step between a picture and the network, loaded from the file the archive is built of."""

    def __init__(self, source: Path) -> None:
        """`source` is the handler's `preprocess.py`; it is loaded when it is first needed."""
        self._source = source
        self._code: _Code | None = None

    def see(self, image: DigitImage) -> PixelGrid:
        """The picture that the network gets.

        Raises:
            PayloadError: the handler would refuse the picture, or its code cannot be loaded.
        """
        code = self._loaded()
        data = image.read()
        try:
            digit = code.to_digit(code.read_picture(data))
        except code.PictureError as error:
            raise PayloadError(str(error)) from None
        return PixelGrid(digit.width, digit.height, digit.tobytes())

    def is_in(self, archive: Path) -> bool | None:
        """Whether a model archive has this very code; None where that cannot be known."""
        # It loads what unpacks ZIP and tar files, which no one needs before an archive is there.
        from tsmon.untrusted.archives import BadArchiveFile, read_member

        try:
            own = read_bytes(self._source, MIB)
            return read_member(archive, self._source.name, len(own)) == own
        except (KeyError, FileTooLarge):
            return False
        except (OSError, BadArchiveFile):
            return None

    def _loaded(self) -> _Code:
        if self._code is None:
            self._code = cast("_Code", _load(self._source))
        return self._code


def _load(source: Path) -> ModuleType:
    """The module in a file that belongs to no package of ours.

    Raises:
        PayloadError: it cannot be read.
    """
    spec = importlib.util.spec_from_file_location("tsmon_digit_preprocess", source)
    if spec is None or spec.loader is None:
        raise PayloadError(f"cannot load {source}")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except OSError as error:
        raise PayloadError(f"cannot read {source}: {error.strerror or error}") from None
    return module
