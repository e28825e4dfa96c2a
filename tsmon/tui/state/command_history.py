"""The commands that were typed, in this session and in those before."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from platformdirs import user_state_path

from tsmon.untrusted.files import read_text
from tsmon.untrusted.private import write_private

MOST_LINES = 200
_MOST_BYTES = 64 * 1024


def history_file() -> Path:
    """Where they are kept, for their owner alone."""
    return user_state_path("tsmon") / "commands"


class CommandHistory:
    """Each command once, the newest last; without a file those of this session alone.

    A file that cannot be read or written is no reason to bother anyone: the session has its own.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self.lines: list[str] = []

    def add(self, line: str) -> None:
        """Remember a command."""
        self._put([*self.lines, line])

    def load(self) -> None:
        """Put those of earlier sessions before those of this one; may wait for the disk."""
        self._put([*self._kept(), *self.lines])

    def save(self) -> None:
        """Keep them; those that other sessions kept meanwhile stay. May wait for the disk."""
        if self._file is None:
            return
        self.load()
        with suppress(OSError):
            write_private(self._file, "".join(f"{line}\n" for line in self.lines))

    def _put(self, lines: list[str]) -> None:
        newest_first = dict.fromkeys(reversed(lines))
        self.lines = list(newest_first)[:MOST_LINES][::-1]

    def _kept(self) -> list[str]:
        if self._file is None:
            return []
        try:
            return [line for line in read_text(self._file, _MOST_BYTES).splitlines() if line]
        except (OSError, UnicodeDecodeError):
            return []
