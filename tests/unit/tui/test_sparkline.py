"""Trends in cells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.tui.text.symbols import Symbols
from tsmon.tui.widgets.sparkline import sparkline

VALUES = st.lists(st.none() | st.floats(0, 1e9), max_size=40)


@pytest.mark.parametrize(
    ("symbols", "drawn"),
    [(Symbols.BRAILLE, "⣀⣤⣶⣿"), (Symbols.BLOCK, "▂▄▆█"), (Symbols.ASCII, ".::#")],
)
def test_what_grows_goes_up(symbols: Symbols, drawn: str) -> None:
    assert sparkline([1, 1, 2, 2, 3, 3, 4, 4], symbols, 4) == drawn


def test_what_is_not_known_is_blank_and_a_measured_0_is_not() -> None:
    assert sparkline([None, None, 0, 0, 4, 4], Symbols.BLOCK, 3) == " ▁█"
    assert sparkline([], Symbols.BRAILLE, 3) == "   "
    assert sparkline([None] * 16, Symbols.BRAILLE, 8).isspace()


@given(VALUES, st.sampled_from(Symbols), st.integers(1, 20))
def test_it_has_the_width_of_its_cell(
    values: list[float | None], symbols: Symbols, width: int
) -> None:
    assert len(sparkline(values, symbols, width)) == width
