from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tsmon.tui.text.symbols import Symbols, TimedValue
from tsmon.tui.widgets.chart_cells import draw
from tsmon.tui.widgets.chart_raster import heights, nice_top, raster_columns
from tsmon.tui.widgets.time_axis import TimeSpan

VALUES = st.none() | st.floats(allow_nan=True, allow_infinity=True)
SAMPLES = st.lists(st.tuples(st.floats(-10, 200), VALUES), max_size=60).map(
    lambda pairs: [TimedValue(age, value) for age, value in sorted(pairs, key=lambda p: -p[0])]
)


@given(SAMPLES, st.integers(1, 80), st.integers(1, 12), st.sampled_from(Symbols))
def test_whatever_the_samples_the_drawing_fits(
    samples: list[TimedValue], width: int, rows: int, symbols: Symbols
) -> None:
    values = raster_columns(samples, 120, width * symbols.dots_across, gap_s=3)
    assert all(value is None or (math.isfinite(value) and value >= 0) for value in values)
    top = nice_top(max((value for value in values if value is not None), default=0))
    levels = heights(values, top, rows * symbols.dots_up)
    assert all(0 <= level <= rows * symbols.dots_up for level in levels)
    assert [level == 0 for level in levels] == [value is None for value in values]
    lines = draw(levels, rows, symbols)
    assert [len(line) for line in lines] == [width] * rows


@given(st.floats(min_value=1e-9, max_value=1e15))
def test_the_axis_ends_at_or_above_the_largest_value_but_not_far(value: float) -> None:
    top = nice_top(value)
    assert value <= top * (1 + 1e-8)
    assert top <= 2 * value * (1 + 1e-8)


@pytest.mark.parametrize("value", [0.0, -1.0, 5e-324, math.nan, math.inf])
def test_the_axis_of_nothing(value: float) -> None:
    assert nice_top(value) == 1


def test_an_unknown_value_is_a_gap_and_a_zero_is_the_baseline() -> None:
    samples = [
        TimedValue(3.5, 8.0),
        TimedValue(2.5, None),
        TimedValue(1.5, 0.0),
        TimedValue(0.5, 4.0),
    ]
    values = raster_columns(samples, 5, 5, gap_s=2)
    assert values == [None, 8.0, None, 0.0, 4.0]
    assert draw(heights(values, 8.0, 8), 1, Symbols.BLOCK) == [" █ ▁▄"]


def test_neighbours_are_joined_but_not_over_an_outage() -> None:
    near = raster_columns([TimedValue(7.5, 0.0), TimedValue(3.5, 4.0)], 10, 10, gap_s=5)
    assert near[2:7] == [0.0, 1.0, 2.0, 3.0, 4.0]
    far = raster_columns([TimedValue(7.5, 0.0), TimedValue(3.5, 4.0)], 10, 10, gap_s=3)
    assert far[2:7] == [0.0, None, None, None, 4.0]


STEPS = st.lists(st.floats(0.3, 20), min_size=2, max_size=60)


def aged(steps: list[float]) -> list[TimedValue]:
    """Samples with so much time between them, of which the last is of now."""
    ages = [sum(steps[at:]) for at in range(len(steps) + 1)]
    return [TimedValue(age, 5.0) for age in ages]


@given(STEPS, st.integers(1, 300))
def test_samples_that_come_slowly_leave_no_columns_between_them(
    steps: list[float], width: int
) -> None:
    values = raster_columns(aged(steps), 120, width, gap_s=math.inf)
    first = next(at for at, value in enumerate(values) if value is not None)
    assert values[first:] == [5.0] * (width - first)


def test_a_value_is_of_all_the_time_since_the_sample_before() -> None:
    samples = [TimedValue(9.5, 2.0), TimedValue(6.5, None), TimedValue(2.5, 4.0)]
    values = raster_columns(samples, 10, 10, gap_s=math.inf)
    assert values == [2.0, None, None, None, 4.0, 4.0, 4.0, 4.0, None, None]


@given(
    st.lists(st.integers(0, 12_000), min_size=1, max_size=40),
    st.floats(0.0, 1.0),
    st.floats(0.1, 5.0),
    st.integers(5, 200),
)
def test_a_chart_keeps_its_place_while_time_goes_on(
    moments: list[int], fraction: float, later: float, width: int
) -> None:
    """What is drawn moves by whole columns, all of it at once, whenever the ticks are."""

    def drawn(edge_s: float) -> list[float | None]:
        span = TimeSpan(120, edge_s=edge_s)
        samples = [TimedValue(edge_s - at / 100, float(at)) for at in sorted(moments)]
        lead_s = span.lead_s(width)
        return raster_columns(samples, 120, 2 * width, 0.0, lead_s=lead_s)

    edges = [120.0 + fraction, 120.0 + fraction + later]
    columns = [edge / (120 / width) for edge in edges]
    assume(all(abs(column - round(column)) > 1e-5 for column in columns))
    before, after = map(drawn, edges)
    moved = math.floor(columns[1]) - math.floor(columns[0])
    last = 2 * width - 2  # the last whole column was not complete yet
    assert after[: last - 2 * moved] == before[2 * moved : last]


def test_the_largest_of_several_values_in_a_column_is_drawn() -> None:
    samples = [TimedValue(1.2, 3.0), TimedValue(1.1, 9.0), TimedValue(1.0, 2.0)]
    assert max(v for v in raster_columns(samples, 120, 4, gap_s=3) if v is not None) == 9.0


def test_braille_is_filled_from_below() -> None:
    assert draw([1, 2, 3, 4], 1, Symbols.BRAILLE) == ["⣠⣾"]
    assert draw([5, 8], 2, Symbols.BRAILLE) == ["⣸", "⣿"]


def test_ascii_needs_no_other_characters() -> None:
    assert draw([0, 1, 2, 3, 6], 2, Symbols.ASCII) == ["    #", " .:##"]


def test_the_kinds_of_symbols_go_round() -> None:
    assert Symbols.BRAILLE.following is Symbols.BLOCK
    assert Symbols.ASCII.following is Symbols.BRAILLE
