"""The series that are pinned or have a limit."""

from __future__ import annotations

from msgspec.structs import replace

from tests.unit.telemetry.scrapes import at
from tsmon.config.schema import LimitSettings
from tsmon.telemetry.events import EventKind
from tsmon.telemetry.limits.limit import read_limits
from tsmon.telemetry.limits.watch import LimitWatch
from tsmon.telemetry.monitor import Monitor
from tsmon.telemetry.scrape import ScrapeReader
from tsmon.telemetry.series.watched import MOST_WATCHED, SeriesWatch, matches
from tsmon.telemetry.source import Observation, ServerFacts
from tsmon.torchserve.errors import Unreachable

GPUS = """# HELP GPUUtilization use with unit: Percent
# TYPE GPUUtilization gauge
GPUUtilization{DeviceId="0",} 10.0
GPUUtilization{DeviceId="1",} {}
# TYPE hits counter
hits {}
"""


def _text(use: float, hits: float) -> str:
    return GPUS.replace("{}", str(use), 1).replace("hits {}", f"hits {hits}")


def test_patterns_mean_a_name_or_a_name_with_labels() -> None:
    assert matches("GPU*", 'GPUUtilization{DeviceId="0"}')
    assert matches("GPUUtilization", 'GPUUtilization{DeviceId="0"}')
    assert matches('GPUUtilization{*DeviceId="0"*}', 'GPUUtilization{DeviceId="0"}')
    assert not matches("Utilization", 'GPUUtilization{DeviceId="0"}')


def test_pinned_series_are_followed_with_their_rates() -> None:
    watch, reader = SeriesWatch(), ScrapeReader()
    watch.pinned = ('GPUUtilization{DeviceId="1"}', "hits")
    watch.observe(reader.read(_text(90, 5), at(0)), ())
    gpu, hits = watch.observe(reader.read(_text(95, 9), at(2)), ())
    assert (gpu.value, gpu.per_second, gpu.unit) == (95.0, None, "Percent")
    assert (hits.value, hits.per_second) == (9.0, 2.0)
    assert [each.value for each in watch.observe(None, ())] == [None, None]


def test_number_of_observations_has_no_unit() -> None:
    watch = SeriesWatch()
    watch.pinned = ("took_*",)
    text = "# HELP took x with unit: ms\n# TYPE took histogram\ntook_count 3\ntook_sum 9\n"
    found = watch.observe(ScrapeReader().read(text, at(0)), ())
    assert [(each.text, each.unit) for each in found] == [("took_count", ""), ("took_sum", "ms")]


def test_what_is_watched_is_bounded() -> None:
    watch = SeriesWatch()
    watch.pinned = ("a*",)
    text = "".join(f"a{n} 1\n" for n in range(MOST_WATCHED + 5))
    assert len(watch.observe(ScrapeReader().read(text, at(0)), ())) == MOST_WATCHED


def test_limit_on_a_series_is_an_event_and_is_over() -> None:
    table = LimitSettings(when="value > 80 for 2 s", series="GPUUtilization", clear="1 s")
    watch = LimitWatch(read_limits({"hot": table}))
    monitor, reader = Monitor(_Nothing(), limits=watch), ScrapeReader()
    uses = [90, 90, 90, 90, 20, 20, 20]
    for second, use in enumerate(uses):
        scrape = reader.read(_text(use, 1), at(second))
        facts = ServerFacts("0.12.0", None)
        snapshot = monitor.digest(Observation(at(second), facts, (), scrape))
        if second == 3:
            (cold, hot) = snapshot.series
            assert [status.exceeded for status in hot.limits] == [True]
            assert [status.exceeded for status in cold.limits] == [False]
    exceeded, cleared = monitor.events.events
    assert (exceeded.kind, cleared.kind) == (EventKind.LIMIT_EXCEEDED, EventKind.LIMIT_CLEARED)
    assert exceeded.subject == 'GPUUtilization{DeviceId="1"}'
    assert "hot: value 90" in exceeded.text
    assert exceeded.model is None


def test_failed_scrape_makes_the_number_unknown_and_nothing_else() -> None:
    table = LimitSettings(when="value > 80", series="GPUUtilization")
    monitor = Monitor(_Nothing(), limits=LimitWatch(read_limits({"hot": table})))
    scrape = ScrapeReader().read(_text(90, 1), at(0))
    observation = Observation(at(0), ServerFacts("0.12.0", None), (), scrape)
    monitor.digest(observation)
    failed = replace(observation, at=at(1), scrape=Unreachable("away"))
    snapshot = monitor.digest(failed)
    assert [each.value for each in snapshot.series] == [None, None]
    assert [event.kind for event in monitor.events.events] == [EventKind.LIMIT_EXCEEDED]


class _Nothing:
    label = "local"

    async def observe(self, focus: object) -> Observation:
        raise NotImplementedError
