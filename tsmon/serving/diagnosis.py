"""Says from what TorchServe wrote why it did not start."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from tsmon.logs.files import TS_LOG
from tsmon.logs.last_lines import last_lines

if TYPE_CHECKING:
    from pathlib import Path

    from tsmon.serving.home import Home

_SHOWN_LINES = 20
# What every start prints, and a second failure while a failed start shuts down.
_NOISE = re.compile(r'WARNING: |nvidia-smi not available|Exception in thread "Thread-0"|\tat |\s*$')


class Diagnosis(NamedTuple):
    """Why a start failed, and what to do."""

    cause: str
    hint: str
    log_lines: tuple[str, ...]


class _Known(NamedTuple):
    pattern: re.Pattern[str]
    hint: str


_KNOWN = (
    _Known(
        re.compile(r"Failed to bind to address: \S+|Failed to bind .*"),
        "Another process took the port; choose other ports: tsmon serve start --ports free",
    ),
    _Known(
        re.compile(r"Invalid configuration: .*"),
        "Correct the setting; TorchServe was started with {config}",
    ),
    _Known(
        re.compile(r"\S*UnsupportedClassVersionError.*"),
        "This Java is too old; unset JAVA_HOME to use the one of tsmon[server]",
    ),
    _Known(
        re.compile(r".*(?:Could not reserve enough space|insufficient memory|OutOfMemoryError).*"),
        "Give Java less memory with vmargs=-Xmx512m, or free some memory",
    ),
    _Known(re.compile(r"TorchServe is already running.*"), "Check with: tsmon serve status"),
)


def explain_log(lines: Sequence[str], given: str, otherwise: str) -> Diagnosis:
    """The known cause in what a start wrote, or else only its last lines.

    *given* says where its settings came from, *otherwise* the hint where the cause is not known.
    """
    for known in _KNOWN:
        for line in lines:
            if match := known.pattern.search(line):
                return Diagnosis(match[0], known.hint.format(config=given), tuple(lines))
    return Diagnosis("", otherwise, tuple(lines))


def shown(lines: Sequence[str]) -> list[str]:
    """The last lines that say something, each once: most of ts_log stands there twice."""
    return [line for line in dict.fromkeys(lines) if not _NOISE.match(line)][-_SHOWN_LINES:]


class StartLogs:
    """What a start writes to the console and to ts_log, apart from what was there before."""

    def __init__(self, home: Home) -> None:
        self._home = home
        paths = (home.logs / TS_LOG, home.console)
        self._sizes = {path: _size_of(path) for path in paths}

    def diagnose(self) -> Diagnosis:
        """The known cause in what was written, or else only its last lines."""
        story = f"The full log is {self._home.logs / TS_LOG}"
        return explain_log(self._lines(), str(self._home.config), story)

    def _lines(self) -> tuple[str, ...]:
        """The last lines of both files, the server's own log first."""
        return tuple(
            line
            for path, size in self._sizes.items()
            for line in shown(last_lines(path, 10 * _SHOWN_LINES, since=size))
        )


def _size_of(path: Path) -> int:
    """The bytes of a file, 0 if it is not there."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
