from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.telemetry.traffic import Missing
from tsmon.tui.text.format import (
    ABSENT,
    age,
    confidence,
    count,
    duration,
    memory,
    milliseconds,
    number,
    per_second,
    plural,
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


@given(st.integers(min_value=0, max_value=2**45))
def test_memory_fits_its_column(size: int) -> None:
    assert len(memory(size)) <= 10


@pytest.mark.parametrize(
    ("size", "text"),
    [(None, ABSENT), (512, "0 KiB"), (700 * 2**20, "700 MiB"), (3 * 2**29, "1.5 GiB")],
)
def test_memory(size: int | None, text: str) -> None:
    assert memory(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0s"), (59.9, "59s"), (60, "1m"), (7500, "2h 05m"), (200_000, "2d")],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_age_has_a_decimal_only_while_it_is_young() -> None:
    assert age(0.24) == "0.2s"
    assert age(12.4) == "12s"


def test_a_confidence_is_never_rounded_up_to_certainty() -> None:
    assert confidence(0.99996) == "99.9%"
    assert confidence(1.0) == "100.0%"
    assert confidence(None) == ABSENT


def test_words() -> None:
    assert plural(1, "worker") == "1 worker"
    assert plural(0, "worker") == "0 workers"
    assert count(12345) == "12,345"
