"""How the lines of a pane are shared among its charts: more for those that have a shape to show."""

from __future__ import annotations

from collections.abc import Sequence

LOW = 2
"""Lines of a plot that the charts get one after the other, before any gets more."""
ROOMY = 6
"""Lines of a plot from which on the flat ones get one as well, as a base line."""
STEADY, UNSTEADY = 0.05, 0.1
"""Values whose range is a smaller share of the largest are flat; of a chart that was not, the
first; of one that was, the second. A chart must not come and go with each tick."""


def share_lines(lines: int, shaped: Sequence[bool]) -> list[int]:
    """How many lines each chart gets, its heading among them; 0 for what has no room at all.

    `shaped` is which of them have a shape, the most important first.
    """
    heights = [int(at < lines) for at in range(len(shaped))]
    plotted = [at for at, has_shape in enumerate(shaped) if has_shape and heights[at]]
    left = max(lines - len(shaped), 0)
    for at in plotted:
        taken = min(LOW, left)
        heights[at] += taken
        left -= taken
    flat = [at for at in range(len(shaped)) if not shaped[at]]
    if plotted and left >= len(plotted) * (ROOMY - LOW) + len(flat):
        for at in flat:
            heights[at] += 1
        left -= len(flat)
    for nth, at in enumerate(plotted):
        heights[at] += left // len(plotted) + (nth < left % len(plotted))
    return heights


def has_shape(values: Sequence[float], *, had: bool) -> bool:
    """Whether values, none of them negative, differ enough for a chart; `had` is whether before."""
    if not values:
        return False
    largest = max(values)
    return largest - min(values) > (STEADY if had else UNSTEADY) * largest
