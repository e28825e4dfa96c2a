"""The language of limits: what it reads, what it writes, and what it says of the rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.conditions import (
    OF_MODEL,
    OF_RUN,
    BadCondition,
    Condition,
    Dimension,
    Window,
    parse_condition,
    parse_duration,
)
from tsmon.telemetry.traffic import Missing

_UNITS = {
    Dimension.TIME: ("us", "ms", "s"),
    Dimension.SHARE: ("%",),
    Dimension.RATE: ("/s", "/min"),
    Dimension.SIZE: ("b", "kib", "mib", "gib", "kb", "mb", "gb"),
    Dimension.COUNT: ("",),
}


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    name = draw(st.sampled_from(sorted(OF_MODEL)))
    measure = OF_MODEL[name]
    dimension = draw(st.sampled_from(measure.dimensions))
    counted = measure.window is Window.ANY or (
        dimension is Dimension.COUNT and measure.window is Window.RECENT
    )
    window: float | None = None
    if counted or (measure.window is Window.RECENT and draw(st.booleans())):
        window = draw(st.sampled_from([60.0, 300.0]))
    return Condition(
        name,
        draw(st.sampled_from([">", ">=", "<", "<="])),
        draw(st.integers(0, 999_999_999_999_999)) / 1_000_000,
        draw(st.sampled_from(_UNITS[dimension])),
        window,
        float(draw(st.integers(0, 86400))),
    )


@given(conditions())
def test_what_is_written_is_read_again(condition: Condition) -> None:
    assert parse_condition(str(condition)) == condition


@given(conditions(), st.floats(0, 1e15))
def test_a_condition_and_its_opposite_never_agree(condition: Condition, value: float) -> None:
    opposite = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}[condition.operator]
    other = Condition(condition.quantity, opposite, condition.amount, condition.unit)
    assert condition.holds(value) is not other.holds(value)


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), Missing.NO_TRAFFIC])
def test_what_is_not_known_is_on_neither_side(value: float | Missing | None) -> None:
    for text in ("p95 > 0 ms", "p95 < 50 ms", "p95 >= 0 ms"):
        assert parse_condition(text).holds(value) is None


@given(st.text(max_size=300))
def test_any_other_text_is_refused_with_one_line(text: str) -> None:
    try:
        parse_condition(text)
    except BadCondition as error:
        assert "\n" not in str(error)
        assert len(str(error)) < 200


@pytest.mark.parametrize(
    ("text", "value", "window", "held"),
    [
        ("p95 > 50 ms for 1 min", 50.0, None, 60.0),
        ("p95>50ms", 50.0, None, 0.0),
        ("P95 over 0.2 s for 90s", 200.0, None, 90.0),
        ("errors > 1 %", 0.01, None, 0.0),
        ("errors > 2/s in 5 min for 1m", 2.0, 300.0, 60.0),
        ("5xx > 5 in 1 min", 5.0, 60.0, 0.0),
        ("queue > 20", 20.0, None, 0.0),
        ("queue time > 500 µs", 0.5, None, 0.0),
        ("rate < 30/min for 5 min", 0.5, None, 300.0),
        ("rate below 1 requests/s", 1.0, None, 0.0),
        ("restarts > 2 in 10 min", 2.0, 600.0, 0.0),
        ("ready under 2", 2.0, None, 0.0),
        ("memory > 1.5 GiB for 1 h", 1.5 * 1024**3, None, 3600.0),
        ("busy >= 95%", 0.95, None, 0.0),
    ],
)
def test_conditions_as_people_write_them(
    text: str, value: float, window: float | None, held: float
) -> None:
    condition = parse_condition(text)
    assert condition.value == pytest.approx(value)
    assert (condition.window_s, condition.for_s) == (window, held)


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        ("", "is not a condition", "p95 > 50 ms for 1 min"),
        ("p95 = 5 ms", "is not a condition", "p95 > 50 ms for 1 min"),
        ("p95 > 50", "p95 needs a unit", "such as p95 > 50 ms"),
        ("p95 > 50 %", "'%' is not a unit of p95", "such as p95 > 50 ms"),
        ("queue > 5 ms", "'ms' is not a unit of queue", "such as queue > 20"),
        ("p96 > 5 ms", "'p96' is not a quantity", "did you mean p9"),
        ("xyzzy > 5 ms", "'xyzzy' is not a quantity", "use one of p50"),
        ("restarts > 2", "is counted over a time", "restarts > 2 in 5 min"),
        ("errors > 5", "is counted over a time", "errors > 5 in 5 min"),
        ("ready < 1 in 5 min", "is not counted over a time", "ready < 1 without `in`"),
        ("p95 > 5 ms in 2 min", "is known over 1 min or 5 min", "use one of them"),
        ("p95 > 5 ms for 1 min for 2 min", "has `for` twice", ""),
        ("p95 > 5 ms for 2 days", "'days' is not a unit of time", "use s, min or h"),
        ("p95 > 5 ms for 0 s", "too short or too long", "up to 24 h"),
        ("p95 > 5 ms for 25 h", "too short or too long", "up to 24 h"),
        ("p95 > 5 ms or so", "'or so' at the end", "`for 1 min`"),
        ("p95 > 1e9 ms", "is not a condition", ""),
        ("p95 > -1 ms", "is not a condition", ""),
        (f"p95 > 5 ms{' ' * 500}for 1 min", "is not a condition", ""),
    ],
)
def test_what_is_wrong_is_said_with_a_way_out(text: str, problem: str, hint: str) -> None:
    with pytest.raises(BadCondition) as raised:
        parse_condition(text)
    assert problem in str(raised.value)
    assert hint in raised.value.hint


def test_a_run_is_judged_once() -> None:
    assert parse_condition("errors > 0", OF_RUN).holds(1) is True
    assert parse_condition("max > 1 s", OF_RUN).holds(999.0) is False
    with pytest.raises(BadCondition, match="without `for`"):
        parse_condition("p95 > 5 ms for 1 min", OF_RUN)
    with pytest.raises(BadCondition, match="is not counted over a time"):
        parse_condition("errors > 5 in 1 min", OF_RUN)


def test_figures_are_shown_in_the_units_of_the_limit() -> None:
    assert parse_condition("p95 > 50 ms").shown(61.234) == "61.2 ms"
    assert parse_condition("errors > 1 %").shown(0.0142) == "1.4 %"
    assert parse_condition("errors > 1/s").shown(2.5) == "2.5/s"
    assert parse_condition("memory > 1 GiB").shown(2 * 1024**3) == "2.0 GiB"
    assert parse_condition("queue > 20").shown(None) == "–"


def test_durations() -> None:
    assert parse_duration("90 s") == 90
    assert parse_duration("5min") == 300
    for text in ("", "5", "5 weeks", "0 s", "9" * 300):
        with pytest.raises(BadCondition):
            parse_duration(text)
