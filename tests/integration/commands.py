"""Runs `tsmon` as a person's shell would: in a process of its own, with files for its output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.secrecy import KEY_FILE, hand_out_file, shown

LONGEST_S = 120


@dataclass(frozen=True)
class Ended:
    """A command that ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


@dataclass(frozen=True)
class Shell:
    """A working directory and the home of the server that its commands mean."""

    directory: Path
    config: str = os.devnull
    """The user's configuration."""

    @property
    def home(self) -> Path:
        return self.directory / "home"

    def tsmon(self, *args: str) -> Ended:
        """Run a command to its end."""
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("TSMON_")
        }
        ended = subprocess.run(
            [sys.executable, "-m", "tsmon", *args],
            cwd=self.directory,
            env=environment | {"TSMON_HOME": str(self.home), "TSMON_CONFIG": self.config},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
        hand_out_file(self.home / KEY_FILE)
        return Ended(ended.returncode, shown(ended.stdout), shown(ended.stderr))
