"""Which panes a terminal has room for."""

from __future__ import annotations

from enum import StrEnum

from tsmon.tui.keymap import PaneName

WIDTHS = [(0, "-narrow"), (96, "-wide"), (160, "-vast")]
HEIGHTS = [(0, "-tiny"), (8, "-low"), (36, "-tall")]
"""Columns and rows from which on every screen has a class of that name."""


def size_classes(width: int, height: int) -> dict[str, bool]:
    """Which of these classes a screen of a size has."""
    of_width = max(each for each in WIDTHS if each[0] <= width)
    of_height = max(each for each in HEIGHTS if each[0] <= height)
    return {name: (least, name) in (of_width, of_height) for least, name in WIDTHS + HEIGHTS}


class Layout(StrEnum):
    """How many panes are shown at once; the values are classes in `tsmon.tcss`."""

    ONE = "-one"
    PAIR = "-pair"
    """The models and the workers of one of them, or one of the other panes."""
    TWO = "-two"
    """The models, and below them one of the others."""
    FOUR = "-four"


def layout_for(width: int, height: int) -> Layout:
    """What fits into a terminal; the picture of a digit alone takes 28 columns and 14 rows."""
    if width >= 110 and height >= 28:
        return Layout.FOUR
    if width >= 72 and height >= 22:
        return Layout.TWO
    return Layout.PAIR if height >= 18 else Layout.ONE


def visible_panes(
    layout: Layout, current: PaneName, detail: PaneName, offered: frozenset[PaneName]
) -> frozenset[PaneName]:
    """Those of the offered panes to show; `detail` is the one last looked at besides the models.

    A run has the place of the digits while they are not in focus.
    """
    pair = {PaneName.MODELS, PaneName.WORKERS}
    if layout is Layout.PAIR and current in pair:
        return offered & pair
    if layout in {Layout.ONE, Layout.PAIR}:
        return frozenset({current}) & offered
    if layout is Layout.TWO:
        return frozenset({PaneName.MODELS, detail}) & offered
    if PaneName.RUN not in offered:
        return offered
    return offered - {PaneName.RUN if current is PaneName.DIGITS else PaneName.DIGITS}
