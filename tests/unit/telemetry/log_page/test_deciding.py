"""Which lines of a log decide."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tsmon.telemetry.log_page.deciding import AFTER, BEFORE, MOST_LINES, deciding_lines
from tsmon.telemetry.log_page.lines import Level, LogLine

NOON = datetime(2026, 11, 22, 12)


def line(second: float, level: Level = Level.INFO) -> LogLine:
    stamp = (NOON + timedelta(seconds=second)).isoformat(timespec="milliseconds")
    return LogLine(f"{second}", f"{second}", stamp.replace(".", ","), level)


@given(
    st.lists(st.tuples(st.integers(-60, 60), st.sampled_from(Level)), max_size=40),
    st.one_of(st.none(), st.just(NOON)),
)
def test_they_are_the_gravest_near_the_moment_and_few(
    rows: list[tuple[int, Level]], moment: datetime | None
) -> None:
    lines = [line(second, level) for second, level in sorted(rows)]
    found = deciding_lines(lines, moment)
    near = [
        each
        for each in lines
        if moment is None or moment - BEFORE <= (each.time or NOON) <= moment + AFTER
    ]
    grave = [each for each in near if each.level in (Level.WARN, Level.ERROR)]
    assert found == (grave or near)[-MOST_LINES:]


def test_a_line_without_a_stamp_is_of_no_moment() -> None:
    bare = LogLine("bare", "bare")
    assert deciding_lines([bare], NOON) == []
    assert deciding_lines([bare], None) == [bare]
