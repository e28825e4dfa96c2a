"""The pictures that were taken, and how a screen is compared with them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from textual.widget import Widget

from tests.tui.seat import Seat

TAKEN = Path(__file__).parent / "taken"
TAKE = "TSMON_TAKE_SNAPSHOTS"
"""Set it to take the pictures anew: `make snapshots`. Look at the difference before committing."""
DRAW = "TSMON_DRAW_SNAPSHOTS"
"""Set it to a folder to have the screens there as SVG too, whose colours a text cannot show."""

_DRAWN = Path(os.environ[DRAW]).absolute() if DRAW in os.environ else None

Size = tuple[int, int]
Part = Callable[[Seat], str]


def whole(seat: Seat) -> str:
    """All of the screen."""
    return seat.text


def box(seat: Seat) -> str:
    """The dialog alone, without what is behind it."""
    (dialog,) = seat.app.screen.query("#dialog, #page").results(Widget)
    region = dialog.region
    lines = seat.text.splitlines()[region.y : region.bottom]
    return "\n".join(line[region.x : region.right] for line in lines)


def compare(name: str, text: str) -> None:
    """Hold a screen, as text, to the file of that name."""
    file = TAKEN / f"{name}.txt"
    picture = "".join(f"{line.rstrip()}\n" for line in text.splitlines())
    if os.environ.get(TAKE):
        file.parent.mkdir(exist_ok=True)
        file.write_text(picture, encoding="utf-8")
    assert file.is_file(), f"no picture of {name} was taken; `make snapshots` takes it"
    assert picture == file.read_text(encoding="utf-8")


async def at_each(seat: Seat, name: str, sizes: Iterable[Size], part: Part = whole) -> None:
    """Hold a screen to its pictures, one for each size that the terminal is given."""
    for width, height in sizes:
        if tuple(seat.app.size) != (width, height):
            await seat.pilot.resize_terminal(width, height)
        await rest(seat)
        compare(f"{name}-{width}x{height}", part(seat))
        draw(seat, f"{name}-{width}x{height}")


async def rest(seat: Seat) -> None:
    """Wait until nothing moves any more."""
    before = ""
    while before != seat.text or seat.app._frames.held:  # held: a new size is not drawn yet
        before = seat.text
        seat.app._notifications_shown._place()
        await seat.pilot.pause()
        await seat.pilot.pause()


def draw(seat: Seat, name: str) -> None:
    """Write the screen as SVG, if that is wanted."""
    if _DRAWN is not None:
        _DRAWN.mkdir(parents=True, exist_ok=True)
        (_DRAWN / f"{name}.svg").write_text(seat.app.export_screenshot(title=name))
