from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.telemetry.traffic import Missing
from tsmon.tui.commands.table import parse_seconds
from tsmon.units import (
    ABSENT,
    GIB,
    MIB,
    byte_size,
    confidence,
    count,
    duration,
    fixed,
    known,
    milliseconds,
    number,
    per_second,
    percent,
    period,
    plural,
    short_period,
    times,
)

QUANTITIES = st.floats(min_value=0, max_value=1e14)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.0004, "<0.001"),
        (0.042, "0.042"),
        (0.996, "1.0"),
        (4.24, "4.2"),
        (41.2, "41.2"),
        (99.96, "100"),
        (9_999, "9999"),
        (12_345, "12.3k"),
        (4_200_000, "4.2M"),
        (None, ABSENT),
        (Missing.NO_TRAFFIC, ABSENT),
        (math.nan, ABSENT),
        (math.inf, ABSENT),
    ],
)
def test_number(value: float | Missing | None, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 ms"),
        (0.004, "<0.01 ms"),
        (0.31, "0.31 ms"),
        (8.14, "8.1 ms"),
        (999.4, "999 ms"),
        (1234, "1.2 s"),
        (Missing.FIRST_SAMPLE, ABSENT),
    ],
)
def test_milliseconds(value: float | Missing, text: str) -> None:
    assert milliseconds(value) == text


@given(QUANTITIES)
def test_a_quantity_fits_its_column(value: float) -> None:
    assert len(number(value)) <= 6
    assert len(per_second(value)) <= 8


@given(st.floats(min_value=0, max_value=1e9))
def test_a_duration_fits_its_column(value: float) -> None:
    assert len(milliseconds(value)) <= 8
    assert len(duration(value)) <= 7


@given(st.floats(min_value=0, max_value=1e9), st.floats(min_value=0, max_value=1e9))
def test_a_longer_time_never_reads_shorter(one: float, other: float) -> None:
    shorter, longer = sorted((one, other))
    assert _seconds(duration(shorter)) <= _seconds(duration(longer))


@given(st.floats(min_value=1, max_value=1e9))
def test_a_duration_is_right_to_a_twentieth(value: float) -> None:
    assert _seconds(duration(value)) == pytest.approx(value, rel=0.05)


@given(st.integers(min_value=1, max_value=10**6))
def test_a_period_is_exact(seconds: int) -> None:
    assert _seconds(period(seconds)) == pytest.approx(seconds, rel=1e-5)


@given(st.integers(min_value=0, max_value=2**45))
def test_a_size_fits_its_column(size: int) -> None:
    assert len(byte_size(size)) <= 10


@given(st.one_of(st.none(), st.sampled_from(list(Missing)), st.sampled_from([math.nan, math.inf])))
def test_what_is_not_known_is_never_a_number(value: float | Missing | None) -> None:
    writers = (number, milliseconds, per_second, percent, confidence, byte_size, fixed)
    assert {write(value) for write in writers} == {ABSENT}
    assert known(value) is None


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (None, ABSENT),
        (0, "0 B"),
        (512, "512 B"),
        (1500, "1 KiB"),
        (700 * MIB, "700 MiB"),
        (1023 * MIB, "1.0 GiB"),
        (1.5 * GIB, "1.5 GiB"),
    ],
)
def test_size(size: float | None, text: str) -> None:
    assert byte_size(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0 s"),
        (0.24, "0.2 s"),
        (3, "3 s"),
        (12.4, "12 s"),
        (119, "119 s"),
        (180, "3 min"),
        (7500, "2.1 h"),
        (200_000, "2.3 d"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.5, "0.5 s"), (90, "90 s"), (300, "5 min"), (3600, "1 h"), (0, "0 s")]
)
def test_period(seconds: float, text: str) -> None:
    assert period(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "0.2s"), (30, "30s"), (300, "5m"), (5400, "1.5h")]
)
def test_a_period_as_it_is_typed(seconds: float, text: str) -> None:
    assert short_period(seconds) == text
    assert parse_seconds(text) == pytest.approx(seconds)


def test_a_confidence_is_never_rounded_up_to_certainty() -> None:
    assert confidence(0.99996) == "99.9%"
    assert confidence(1.0) == "100.0%"
    assert confidence(None) == ABSENT


def test_words() -> None:
    assert plural(1, "worker") == "1 worker"
    assert plural(0, "worker") == "0 workers"
    assert plural(2, "process", "processes") == "2 processes"
    assert plural(12345, "request") == "12,345 requests"
    assert count(12345) == "12,345"
    assert [times(n) for n in (1, 2, 3)] == ["once", "twice", "3 times"]
    assert fixed(8.1) == "8.10"
    assert percent(0.384) == "38%"


def _seconds(text: str) -> float:
    amount, unit = text.split(" ")
    return float(amount) * {"s": 1, "min": 60, "h": 3600, "d": 86400}[unit]
