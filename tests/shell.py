"""What a real shell makes of a line."""

from __future__ import annotations

import subprocess


def words_of(line: str) -> list[str]:
    """The words that a command of this line would be given."""
    script = f"printf '%s\\0' {line}"
    ended = subprocess.run(["bash", "-c", script], capture_output=True, check=True)
    return ended.stdout.decode().split("\0")[:-1]
