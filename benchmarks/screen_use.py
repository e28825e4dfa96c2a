"""What share of a screen's cells says something, by the pictures of tests/snapshots.

A cell says something where it has a character that is not blank, not part of a frame, not the grid
of a chart and not of the picture of an image that no one sends. ``python -m benchmarks.screen_use
[FOLDER]`` compares the pictures with those of another folder, such as the same test's of an earlier
version.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.table import print_table

TAKEN = Path(__file__).parents[1] / "tests/snapshots/taken"
SIZES = ((60, 20), (80, 24), (120, 30), (140, 40), (220, 60))
SCREENS = {"seven": "seven models", "seven-depth": "one of them in depth"}
FRAME = frozenset("▀─│╭╮╰╯┌┐└┘├┤┬┴┼━┃┊╵▏▕ \n")


def share(picture: str, width: int, height: int) -> float:
    """The share, 0 to 1."""
    return sum(character not in FRAME for character in picture) / (width * height)


def main() -> None:
    """Print a row for each screen and size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", nargs="?", type=Path, help="folder of other pictures")
    before = parser.parse_args().before
    folders = [*([before] if before else []), TAKEN]
    names = ["before", "now"][-len(folders) :]
    rows = []
    for screen, words in SCREENS.items():
        for width, height in SIZES:
            file = f"{screen}-{width}x{height}.txt"
            shares = (share((folder / file).read_text(), width, height) for folder in folders)
            rows.append((words, f"{width}x{height}", *(f"{each:.0%}" for each in shares)))
    print_table("share of the cells that say something", ("screen", "size", *names), rows)


if __name__ == "__main__":
    main()
