"""Where the vertical axis of a chart ends, and how what lies beyond it is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.tui.text.symbols import Symbols
from tsmon.tui.widgets.chart_raster import nice_top
from tsmon.tui.widgets.value_axis import FAR, FEW, OTHERS, SHARE, ValueAxis, glyph, place_beyond
from tsmon.units import milliseconds

VALUES = st.lists(st.floats(0, 1e6), max_size=200)
ROWS = st.integers(1, 20)
USUAL = [5.0 + at % 3 for at in range(60)]


def test_one_value_far_above_the_others_is_left_beyond_the_axis() -> None:
    axis = ValueAxis.over([*USUAL, 1200.0], rows=5)
    assert (axis.top, axis.peak) == (10.0, 1200.0)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([*USUAL, 27.0], id="not far above"),
        pytest.param([*USUAL, *[1200.0] * 9], id="too many of them"),
        pytest.param([*[0.0] * 60, 1200.0], id="nothing else there"),
        pytest.param([*USUAL[:6], 1200.0], id="few values"),
        pytest.param([], id="none"),
    ],
)
def test_an_axis_holds_all_values_that_are_no_outliers(values: list[float]) -> None:
    axis = ValueAxis.over(values, rows=5)
    assert (axis.top, axis.peak) == (nice_top(max(values, default=0.0)), None)


def test_a_low_chart_has_no_line_for_marks() -> None:
    assert ValueAxis.over([*USUAL, 1200.0], rows=2).peak is None


@given(VALUES, ROWS)
def test_only_few_values_are_beyond_the_axis_and_each_is_far_above_the_others(
    values: list[float], rows: int
) -> None:
    axis = ValueAxis.over(values, rows)
    beyond = [value for value in values if value > axis.top * (1 + 1e-9)]
    within = [value for value in values if value <= axis.top * (1 + 1e-9)]
    assert bool(beyond) == (axis.peak is not None)
    if beyond:
        assert axis.peak == max(values)
        assert len(beyond) <= max(FEW, len(values) * SHARE)
        assert len(beyond) * OTHERS <= len(values)
        assert max(within) * FAR < max(beyond)
        assert max(within) <= axis.most * (1 + 1e-8)
        assert max(within) * 4 >= axis.top


@given(VALUES, ROWS)
def test_what_is_within_the_axis_is_as_high_as_it_can_be(values: list[float], rows: int) -> None:
    assert ValueAxis.over(values, rows).top <= nice_top(max(values, default=0.0))


@given(st.lists(st.none() | st.floats(0, 1e6), max_size=120), ROWS, st.sampled_from(Symbols))
def test_every_value_beyond_the_axis_has_its_mark_and_the_largest_is_named(
    values: list[float | None], rows: int, symbols: Symbols
) -> None:
    axis = ValueAxis.over([value for value in values if value is not None], rows)
    placed = place_beyond(values, axis, milliseconds, symbols)
    marked = {at for at, value in enumerate(values) if value is not None and value > axis.top}
    if axis.peak is None:
        assert placed == {}
        return
    assert {at for at, cell in placed.items() if cell == glyph(symbols)} == marked
    named = "".join(placed[at] for at in sorted(placed.keys() - marked))
    # Without a place that covers no mark there is no name.
    assert named in {milliseconds(axis.peak), ""}
    if len(values) > 100 and len(marked) <= 3:
        assert named


def test_the_name_of_the_largest_stands_beside_its_mark() -> None:
    values: list[float | None] = [*USUAL, 1200.0, None, 900.0, *USUAL]
    axis = ValueAxis.over([value for value in values if value is not None], 5)
    placed = place_beyond(values, axis, milliseconds, Symbols.BLOCK)
    line = "".join(placed.get(at, " ") for at in range(len(values)))
    assert line.strip() == "1.2 s ▲ ▲"
    values = [*USUAL, 900.0, None, 1200.0]
    placed = place_beyond(values, axis, milliseconds, Symbols.BLOCK)
    line = "".join(placed.get(at, " ") for at in range(len(values)))
    assert line.strip() == "1.2 s ▲ ▲"
    placed = place_beyond([1200.0, *USUAL], axis, milliseconds, Symbols.ASCII)
    assert "".join(placed.get(at, " ") for at in range(9)) == "^ 1.2 s  "
    placed = place_beyond([*USUAL, 1200.0], axis, milliseconds, Symbols.ASCII)
    assert "".join(placed.get(at, " ") for at in range(53, 61)) == " 1.2 s ^"


def test_the_labels_say_where_the_axis_is_cut() -> None:
    axis = ValueAxis.over([*USUAL, 1200.0], rows=5)
    assert axis.labels(5, 8, milliseconds, Symbols.BLOCK) == [
        "  10 ms▲",
        "       │",
        "   5 ms│",
        "       │",
        "      0│",
    ]
    whole = ValueAxis.over(USUAL, rows=3).labels(3, 8, milliseconds, Symbols.ASCII)
    assert whole == ["   8 ms|", "       |", "      0|"]
