"""Which panes a terminal has room for."""

from __future__ import annotations

from enum import StrEnum

from tsmon.tui.keymap import PaneName

WIDTHS = [(0, "-narrow"), (96, "-wide"), (160, "-vast")]
HEIGHTS = [(0, "-tiny"), (8, "-low"), (36, "-tall")]
"""Columns and rows from which on every screen has a class of that name."""


class Layout(StrEnum):
    """How many panes are shown at once; the values are classes in `tsmon.tcss`."""

    ONE = "-one"
    TWO = "-two"
    """The models, and below them one of the others."""
    FOUR = "-four"


def layout_for(width: int, height: int) -> Layout:
    """What fits into a terminal; the picture of a digit alone takes 28 columns and 14 rows."""
    if width >= 110 and height >= 28:
        return Layout.FOUR
    if width >= 72 and height >= 22:
        return Layout.TWO
    return Layout.ONE


def visible_panes(
    layout: Layout, current: PaneName, detail: PaneName, *, zoomed: bool
) -> set[PaneName]:
    """The panes to show; `detail` is the one last looked at besides the models."""
    if zoomed or layout is Layout.ONE:
        return {current}
    if layout is Layout.TWO:
        return {PaneName.MODELS, detail}
    return set(PaneName)
