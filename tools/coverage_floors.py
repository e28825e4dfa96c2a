"""Holds the branch coverage of each room from falling.

``python -m tools.coverage_floors`` reads what ``pytest --cov`` left in ``.coverage``, prints the
coverage of each room, and ends with 1 where one has less than its floor in pyproject.toml.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from tsmon.cli.output import emit

SETTINGS = Path("pyproject.toml")
COUNTS = ("covered_lines", "covered_branches", "num_statements", "num_branches")


def measured() -> dict[str, float]:
    """Percent of the statements and branches of each room that ran."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        command = [sys.executable, "-m", "coverage", "json", "--quiet", "-o", file.name]
        subprocess.run(command, check=True)
        files = json.load(file)["files"]
    sums: dict[str, list[int]] = defaultdict(lambda: [0] * len(COUNTS))
    for path, of_file in files.items():
        for place, name in enumerate(COUNTS):
            sums[_room(path)][place] += of_file["summary"][name]
    return {
        room: 100 * (lines + branches) / (all_lines + all_branches)
        for room, (lines, branches, all_lines, all_branches) in sorted(sums.items())
        if all_lines
    }


def _room(path: str) -> str:
    package, *rest = Path(path).parts
    return f"{package}/{rest[0]}" if len(rest) > 1 else package


def main() -> None:
    """Print, and judge."""
    floors: Mapping[str, float] = tomllib.loads(SETTINGS.read_text())["tool"]["tsmon"]["coverage"]
    found = measured()
    fallen = [room for room, floor in floors.items() if found.get(room, 0.0) < floor]
    for room, percent in found.items():
        note = f"  below its floor of {floors[room]} %" if room in fallen else ""
        emit(f"{room:20} {percent:5.1f} %{note}")
    sys.exit(bool(fallen))


if __name__ == "__main__":
    main()
