"""The way to a terminal that may be slow, and may go away in the middle of a word."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, TextIO, cast

from textual.drivers.linux_driver import LinuxDriver


class UntilGone:
    """Writes to a file as long as that goes, and from then on nowhere."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> None:
        """Write a text; dropped where no one is left to read it."""
        with suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        """Hand on what was written."""
        with suppress(OSError):
            self._file.flush()

    def fileno(self) -> int:
        """The number of the file itself."""
        return self._file.fileno()


class TerminalDriver(LinuxDriver):
    """Textual's own driver, for terminals that are lost as well.

    Textual writes from a thread that takes texts from a queue. When a connection breaks, its first
    error would end that thread; the queue fills, and the app would wait for room in it for ever.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._file = cast("Any", UntilGone(cast("TextIO", self._file)))

    def _disable_mouse_support(self) -> None:
        """Have the mouse report cells again; a terminal would go on reporting pixels."""
        if self._mouse_pixels:
            self.write("\x1b[?1016l")
        super()._disable_mouse_support()
