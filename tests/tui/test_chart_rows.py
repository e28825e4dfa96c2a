"""How the lines of the metrics pane are shared, and which of its times are gaps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.telemetry.history import HistoryPoint
from tsmon.telemetry.instant import Instant
from tsmon.tui.widgets.chart_gaps import LEAST_GAP_S, with_gaps
from tsmon.tui.widgets.chart_rows import STEADY, UNSTEADY, has_shape, share_lines

SHAPES = st.lists(st.booleans(), min_size=1, max_size=8)


@given(st.integers(1, 80), SHAPES)
def test_lines_are_shared_without_rest_and_what_has_a_shape_gets_them(
    lines: int, shaped: list[bool]
) -> None:
    heights = share_lines(lines, shaped)
    assert sum(heights) <= lines
    assert all(heights[: min(lines, len(shaped))])
    if any(shaped):
        assert sum(heights) == lines
        tall = [height for height, has in zip(heights, shaped, strict=True) if has]
        flat = [height for height, has in zip(heights, shaped, strict=True) if not has]
        assert max(flat, default=1) <= 2
        assert tall == sorted(tall, reverse=True)
        assert lines < len(shaped) or min(tall) >= max(flat, default=0)


@pytest.mark.parametrize(
    ("lines", "heights"),
    [
        (5, [1, 1, 1, 1, 1, 0]),
        (9, [3, 2, 1, 1, 1, 1]),
        (12, [3, 3, 3, 1, 1, 1]),
        (15, [4, 4, 4, 1, 1, 1]),
        (33, [9, 9, 9, 2, 2, 2]),
    ],
)
def test_flat_charts_have_a_line_and_where_it_is_roomy_their_base_line(
    lines: int, heights: list[int]
) -> None:
    assert share_lines(lines, [True, True, True, False, False, False]) == heights


def test_a_chart_does_not_come_and_go() -> None:
    between = [100.0, 100 - 50 * (STEADY + UNSTEADY)]
    assert not has_shape(between, had=False)
    assert has_shape(between, had=True)
    assert not has_shape([], had=True)
    assert not has_shape([0.0, 0.0], had=True)


def points(steps: list[float]) -> list[HistoryPoint]:
    """Points with so many seconds between them."""
    begin = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    moments = [sum(steps[:at]) for at in range(len(steps) + 1)]
    return [
        HistoryPoint(Instant(moment, begin + timedelta(seconds=moment)), per_second=1.0)
        for moment in moments
    ]


@given(st.lists(st.floats(0.2, 10), max_size=100))
def test_a_slow_machine_makes_no_gaps(steps: list[float]) -> None:
    """Ticks every second, then every three: the interval covers the time."""
    assert with_gaps(points(steps)) == points(steps)


@given(st.floats(0.2, 60), st.integers(2, 50), st.floats(0.2, 60), st.integers(2, 50))
def test_a_new_pace_makes_no_gaps(before_s: float, before: int, after_s: float, after: int) -> None:
    steps = [before_s] * before + [after_s] * after
    assert with_gaps(points(steps)) == points(steps)


@given(
    st.floats(0.2, 20),
    st.integers(2, 50),
    st.floats(1.01, 100),
    st.integers(2, 50),
)
def test_the_time_in_which_no_one_looked_is_a_gap(
    step: float, before: int, longer: float, after: int
) -> None:
    away = max(LEAST_GAP_S, 3 * step) * longer
    filled = with_gaps(points([step] * before + [away] + [step] * after))
    blank = [at for at, point in enumerate(filled) if point.per_second is None]
    assert blank == [before + 1]
    earlier, gap, later = filled[before : before + 3]
    assert later.at.since(gap.at) == pytest.approx(step)
    assert gap.at.since(earlier.at) > 0
