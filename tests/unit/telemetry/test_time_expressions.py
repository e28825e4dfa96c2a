"""Moments as a person writes them."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.telemetry.time_expressions import parse_time
from tsmon.torchserve.errors import InvalidArgument

ZONE = timezone(timedelta(hours=2))
NOW = datetime(2026, 11, 22, 14, 5, 30, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("14:03", NOW.replace(minute=3, second=0)),
        (" 14:03:20 ", NOW.replace(minute=3, second=20)),
        ("2026-11-21 09:15", datetime(2026, 11, 21, 9, 15, tzinfo=ZONE)),
        ("2026-11-21T09:15:01+00:00", datetime(2026, 11, 21, 11, 15, 1, tzinfo=ZONE)),
        ("-5m", NOW - timedelta(minutes=5)),
        ("-90 s", NOW - timedelta(seconds=90)),
        ("-1.5h", NOW - timedelta(minutes=90)),
        ("-2d", NOW - timedelta(days=2)),
    ],
)
def test_forms(text: str, expected: datetime) -> None:
    assert parse_time(text, NOW) == expected


@pytest.mark.parametrize("text", ["", "noon", "25:00", "-5", "5m", "-5y", "2026-13-01 00:00"])
def test_what_is_no_time_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(InvalidArgument, match="is not a valid time; use 14:03"):
        parse_time(text, NOW)


@given(st.text(max_size=30))
def test_any_text_is_a_moment_or_is_refused(text: str) -> None:
    with suppress(InvalidArgument):
        assert parse_time(text, NOW).tzinfo is not None
