"""What is added up of scrapes that come unevenly, as on a busy machine; it needs no Prometheus."""

from __future__ import annotations

import pytest

from tests.integration.prometheus.compare import arrived, windows
from tests.unit.telemetry.scrapes import scraped
from tsmon.telemetry.scrape import Counters, Scrape, SeriesKey

KEY = SeriesKey("late", "default")


def scrapes(*moments: float) -> list[Scrape]:
    """A request every fifth of a second until the last of these moments."""
    counts = [5 * moment for moment in moments]
    return [
        scraped(moment, {KEY: Counters(count, count * 9000, count * 100)} if count else {})
        for moment, count in zip(moments, counts, strict=True)
    ]


@pytest.mark.parametrize("late", [0.0, 0.6, 0.9])
def test_requests_are_counted_once_when_a_scrape_was_late(late: float) -> None:
    uneven = scrapes(0, 1, 2, 3, 4 + late, 5, 6, 7)

    assert arrived(uneven, "late") == 35


def test_no_window_is_said_to_end_later_than_it_does() -> None:
    uneven = scrapes(0, 1, 2, 3, 4.9, 5, 6, 7)
    begin = uneven[0].at.wall.timestamp()

    ends = [window.at - begin for window in windows(uneven, (begin, begin + 8), 4.0)]

    assert ends == pytest.approx([3, 4.9, 6, 7])
