"""Values, rates and quantiles of every series, from two scrapes."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.telemetry.scrapes import at
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.scrape import ScrapeReader
from tsmon.telemetry.series.kept import KeptSeries, SeriesTick, window_at
from tsmon.telemetry.series.layout import read_layout, selector
from tsmon.telemetry.series.published import Published
from tsmon.telemetry.series.readings import (
    Quantile,
    SeriesReading,
    histogram_quantile,
    read_series,
)
from tsmon.telemetry.traffic import Missing

BUCKETS = """
# HELP took Torchserve prometheus histogram metric with unit: Milliseconds
# TYPE took histogram
took_bucket{{m="a",le="0.1",}} {0}
took_bucket{{m="a",le="1.0",}} {1}
took_bucket{{m="a",le="+Inf",}} {2}
took_sum{{m="a",}} {3}
took_count{{m="a",}} {2}
"""
label_values = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
labels = st.dictionaries(
    st.from_regex(r"[a-z][a-z_]{0,4}", fullmatch=True), label_values, max_size=3
)


def _scrape(text: str) -> Published:
    return ScrapeReader().read(text, at(0)).published


def _only(now: str, then: str | None = None, seconds: float = 10.0) -> SeriesReading:
    (found,) = read_series(_scrape(now), None if then is None else _scrape(then), seconds)
    return found


@given(st.lists(labels, max_size=5, unique_by=lambda each: tuple(sorted(each.items()))))
def test_every_label_comes_back_as_it_was(each: list[dict[str, str]]) -> None:
    lines = [f"{selector('a', tuple(pairs.items()))} {n}" for n, pairs in enumerate(each)]
    layout = read_layout(_scrape("\n".join(["# TYPE a gauge", *lines])).layout)
    found = [dict(sample.labels) for sample in layout.samples.get("a", [])]
    assert found == each


def test_counter_has_a_rate_over_the_window() -> None:
    text = '# HELP hits Hits with unit: Count\n# TYPE hits counter\nhits{m="a",} {0}\n'
    found = _only(text.replace("{0}", "30.0"), text.replace("{0}", "10.0"))
    assert (found.value, found.per_second) == (30.0, 2.0)
    assert found.text == 'hits{m="a"}'
    assert found.family.unit == "Count"


def test_series_that_appears_stood_at_zero() -> None:
    declared = "# TYPE hits counter\n"
    assert _only(f"{declared}hits 5.0\n", declared, 5.0).per_second == 1.0


def test_rate_of_a_restarted_server_is_not_known() -> None:
    text = "# TYPE hits counter\nhits{} {0}\n# TYPE other counter\nother {1}\n"
    now, then = text.replace("{0}", "1").replace("{1}", "9"), text.replace("{0}", "5")
    found = read_series(_scrape(now), _scrape(then.replace("{1}", "5")), 10.0)
    assert [each.per_second for each in found] == [Missing.RESTARTED] * 2


def test_gauge_has_no_rate() -> None:
    found = _only("# TYPE use gauge\nuse -3\n", "# TYPE use gauge\nuse 4\n")
    assert (found.value, found.per_second) == (-3.0, Missing.NO_COUNTERS)


def test_histogram_is_one_series_with_quantiles_of_the_window() -> None:
    found = _only(BUCKETS.format(10, 20, 20, 7.0), BUCKETS.format(10, 10, 10, 2.0))
    assert (found.text, found.value, found.per_second) == ('took{m="a"}', 20.0, 1.0)
    assert found.mean == 0.5
    median = found.quantiles[0]
    assert median is not None
    assert median.value == pytest.approx(0.55)
    assert found.family.unit == "Milliseconds"


def test_histogram_without_growth_has_no_quantiles() -> None:
    found = _only(BUCKETS.format(1, 2, 2, 1), BUCKETS.format(1, 2, 2, 1))
    assert found.quantiles == (None, None, None)
    assert found.mean is Missing.NO_TRAFFIC


def test_quantile_beyond_the_last_bound_says_so() -> None:
    assert histogram_quantile(0.95, {1.0: 1.0, math.inf: 10.0}) == Quantile(1.0, beyond=True)


@given(
    st.lists(st.tuples(st.floats(0.001, 1e3), st.integers(0, 50)), min_size=1, max_size=8),
    st.integers(0, 5),
)
def test_quantiles_grow_with_their_share_and_stay_in_the_bounds(
    pairs: list[tuple[float, int]], above: int
) -> None:
    total, buckets = 0.0, dict[float, float]()
    for bound, count in sorted(dict(pairs).items()):
        total += count
        buckets[bound] = total
    buckets[math.inf] = total + above
    found = [histogram_quantile(share, buckets) for share in (0.1, 0.5, 0.95, 1.0)]
    if total + above == 0:
        assert found == [None] * 4
        return
    values = [each.value for each in found if each is not None]
    assert len(values) == 4
    assert values == sorted(values)
    assert values[-1] <= max(buckets.keys() - {math.inf}) * 1.0001


def test_past_gives_the_window_and_the_points_of_one_series() -> None:
    past, reader = KeptSeries(), ScrapeReader()
    for second in range(100):
        text = f'# TYPE hits counter\nhits{{m="a",}} {second}.0\n'
        past.keep(SeriesTick(at(second), reader.read(text, at(second)).published))
    window = window_at(past, at(99).monotonic, 60.0)
    assert window is not None
    assert window.then is not None
    assert window.seconds == 60.0
    (found,) = read_series(window.now.published, window.then.published, window.seconds)
    assert found.per_second == 1.0
    points = past.points('hits{m="a"}', at(10).monotonic, at(12).monotonic)
    assert [point.value for point in points] == [10.0, 11.0, 12.0]
    assert past.at(_before(at(0))) is None


def _before(instant: Instant) -> float:
    return instant.monotonic - 1
