"""What can be wrong with a configuration file."""

from __future__ import annotations

from pathlib import Path


class ConfigError(Exception):
    """A file that cannot be used; `str()` is one line that names the file and the place in it."""

    def __init__(
        self, file: Path, problem: str, hint: str = "", *, line: int | None = None
    ) -> None:
        place = f"{file}, line {line}" if line else str(file)
        super().__init__(f"{place}: {problem}")
        self.file = file
        self.problem = problem
        self.hint = hint
        """One sentence with the way out, empty where there is none."""
        self.line = line
        """Counted from 1; None where the problem has no line."""
