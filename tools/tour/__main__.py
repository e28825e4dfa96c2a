"""Takes the stills of docs/tour.

python -m tools.tour [--into FOLDER] [STOP...]
"""

# ruff: noqa: T201 - it talks to the person at the terminal

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
import tempfile
from pathlib import Path

from tools.tour.guide import Guide
from tools.tour.stage import Stage, Stretch, server, stage
from tools.tour.stops import ALONE, CHANGING, DEATH, STOPS, UNDER_LOAD
from tsmon.serving.errors import ServingError
from tsmon.serving.record import ServerRecord

FOLDER = Path(__file__).parents[2] / "docs" / "tour"
BEFORE = (Stretch(20, 12), Stretch(60, 12))
"""What the charts show from before the second worker."""
AFTER = (Stretch(140, 12), Stretch(45, 8), Stretch(90, 12))
"""And from after it came."""
WHILE = (Stretch(70, 300),)
"""What is sent while the stills are taken; it ends with them."""
BESIDE = (Stretch(15, 600),)
"""What the second version gets."""


async def travel(guide: Guide, scene: Stage) -> None:
    """All stops in their order."""
    seat = guide.seat
    async with scene.other.background(BESIDE):
        await seat.press("1")
        await scene.default.send(BEFORE)
        await seat.press("plus")
        await seat.sees("2/2 ready")
        await scene.default.send(AFTER)
        async with scene.default.background(WHILE):
            await guide.lead(*UNDER_LOAD)
    await guide.lead(*ALONE)
    async with scene.default.background(WHILE), scene.other.background(BESIDE):
        await guide.lead(*CHANGING)
    await guide.lead(*DEATH)


async def take(stops: list[str], into: Path, folder: Path, record: ServerRecord) -> Guide:
    """Open the monitor and take the stills."""
    async with stage(folder, record) as scene:
        guide = Guide(scene.seat, into, stops)
        await travel(guide, scene)
        return guide


def travelled(stops: list[str], into: Path) -> Guide:
    """Start a server, take the stills, and stop everything, whatever happens."""
    # The stills show paths below this folder, so it has a name that says nothing.
    with (
        tempfile.TemporaryDirectory(prefix="tsmon-", dir="/tmp") as name,
        contextlib.chdir(name),
        server(Path(name)) as record,
    ):
        return asyncio.run(take(stops, into, Path(name), record))


def main() -> int:
    """Take the stills, and print which were taken."""
    parser = argparse.ArgumentParser(prog="python -m tools.tour", description=__doc__)
    parser.add_argument("--into", type=Path, default=FOLDER, help="folder of the stills")
    names = [stop.__name__ for stop in STOPS]
    parser.add_argument("stops", nargs="*", help=f"some of {', '.join(names)}; by default all")
    wanted = parser.parse_args()
    if unknown := set(wanted.stops) - set(names):
        parser.error(f"no such stop: {', '.join(sorted(unknown))}")
    into: Path = wanted.into.resolve()
    into.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was started ends then too
    try:
        guide = travelled(wanted.stops, into)
    except KeyboardInterrupt:
        print("stopped; the server too", file=sys.stderr)
        return 130
    except ServingError as error:
        print(error, file=sys.stderr)
        return 1
    for file in guide.taken:
        print(f"{file.stat().st_size / 1000:6.0f} kB  {file.name}")
    for stop, failure in guide.failed.items():
        print(f"{stop}: {type(failure).__name__}: {failure}", file=sys.stderr)
    return 1 if guide.failed else 0


if __name__ == "__main__":
    sys.exit(main())
