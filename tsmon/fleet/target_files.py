"""The file_sd files of the configuration, reload whenever they change."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.fleet.file_sd import BadFile, parse_file_sd
from tsmon.units import KIB, MIB
from tsmon.untrusted.files import read_text

if TYPE_CHECKING:
    from tsmon.fleet.targets import FleetTarget

_PATTERN = "*?["
_YAML = {".yml", ".yaml"}
MOST_JSON = 4 * MIB
MOST_YAML = 256 * KIB
"""Some 2,000 targets; PyYAML reads 50 to 200 KiB a second."""


class _Read(Struct, frozen=True):
    """What was in a file when it was last looked at."""

    stamp: tuple[int, int]
    """Time of change in nanoseconds and size."""
    targets: tuple[FleetTarget, ...] = ()
    problems: tuple[str, ...] = ()


class TargetFiles:
    """Keeps the targets of the files; a file that turned bad keeps those it had."""

    def __init__(self, patterns: Sequence[Path]) -> None:
        """`patterns` are paths whose last part may have `*`, as in Prometheus."""
        self._patterns = tuple(patterns)
        self._files: dict[Path, _Read] = {}
        self.problems: tuple[str, ...] = ()
        """What is wrong with the files now, each with its name."""

    def read(self) -> list[FleetTarget]:
        """The targets there are now, in the order of the files; blocks while files are read."""
        missing: list[str] = []
        there: dict[Path, _Read] = {}
        for pattern in self._patterns:
            files = _matching(pattern)
            if not files:
                missing.append(f"{pattern}: no such file")
            there |= {file: self._look(file) for file in files}
        self._files = there
        message = (f"{file}: {text}" for file, read in there.items() for text in read.problems)
        self.problems = (*missing, *message)
        return [target for read in there.values() for target in read.targets]

    def _look(self, file: Path) -> _Read:
        before = self._files.get(file)
        kept = before.targets if before else ()
        try:
            status = file.stat()
            stamp = status.st_mtime_ns, status.st_size
            if before and before.stamp == stamp:
                return before
            yaml = file.suffix in _YAML
            targets, problems = parse_file_sd(_text(file), yaml=yaml)
        except OSError as error:
            return _Read((0, 0), kept, (f"cannot be read: {error.strerror or error}",))
        except BadFile as error:
            return _Read(stamp, kept, (str(error),))
        return _Read(stamp, targets, problems)


def _matching(pattern: Path) -> list[Path]:
    if any(sign in pattern.name for sign in _PATTERN):
        return sorted(pattern.parent.glob(pattern.name))
    return [pattern] if pattern.exists() else []


def _text(file: Path) -> str:
    try:
        return read_text(file, MOST_YAML if file.suffix in _YAML else MOST_JSON)
    except UnicodeDecodeError:
        raise BadFile("is not text in UTF-8") from None
