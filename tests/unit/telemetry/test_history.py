"""The recent past of each model: bounded, with gaps as gaps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.telemetry.scrapes import at
from tsmon.telemetry.health.verdicts import ModelHealth, ModelVerdict
from tsmon.telemetry.history import History, Point
from tsmon.telemetry.snapshot import Gone, ModelKey, ModelStatus, ServerStatus, Snapshot
from tsmon.telemetry.traffic import Missing, Reading, Traffic, Usage
from tsmon.torchserve.records import ModelVersion

MNIST = ModelKey("mnist", "1.0")
BUSY = Usage(seconds=2.0, arrived=4, counted=4, inference_us=8_000, queue_us=400)
QUIET = Usage(seconds=2.0, arrived=0, counted=0, inference_us=0, queue_us=0)

FINE = ModelVerdict(ModelHealth.READY, "1 of 1 ready")


def test_interval_becomes_a_point() -> None:
    history = History()
    history.record(_snapshot(1, BUSY), scraped=True)
    assert history.points(MNIST, 60, at(1)) == [Point(at(1), 2.0, 2.0, 0.1)]


def test_quiet_interval_is_a_rate_of_0_without_costs() -> None:
    history = History()
    history.record(_snapshot(1, QUIET), scraped=True)
    assert history.points(MNIST, 60, at(1)) == [Point(at(1), 0.0, None, None)]


def test_tick_without_a_scrape_an_unknown_interval_or_a_gone_model_is_a_gap() -> None:
    history = History()
    history.record(_snapshot(0, BUSY), scraped=True)
    history.record(_snapshot(1, BUSY), scraped=False)
    history.record(_snapshot(2, Missing.RESTARTED), scraped=True)
    history.record(_snapshot(3, BUSY, gone=Gone.FORGOTTEN), scraped=True)
    history.record(_snapshot(4), scraped=True)
    gaps = [Point(at(seconds)) for seconds in (1, 2, 3, 4)]
    assert history.points(MNIST, 60, at(4)) == [_point(0), *gaps]


@given(st.integers(1, 20), st.integers(0, 60))
def test_only_the_last_points_are_kept(capacity: int, ticks: int) -> None:
    history = History(capacity)
    for tick in range(ticks):
        history.record(_snapshot(tick, BUSY), scraped=True)
    points = history.points(MNIST, 1000, at(ticks))
    assert points == [_point(tick) for tick in range(ticks)][-capacity:]


@given(st.integers(0, 20), st.integers(0, 25))
def test_points_are_those_of_the_last_seconds(ticks: int, seconds: int) -> None:
    history = History()
    for tick in range(ticks):
        history.record(_snapshot(tick, BUSY), scraped=True)
    points = history.points(MNIST, seconds, at(ticks))
    assert points == [_point(tick) for tick in range(ticks) if ticks - tick <= seconds]


def test_model_that_left_is_forgotten_once_its_last_point_is() -> None:
    history = History(capacity=3)
    history.record(_snapshot(0, BUSY), scraped=True)
    for tick in (1, 2):
        history.record(_snapshot(tick), scraped=True)
    assert history.points(MNIST, 60, at(2)) == [_point(0), Point(at(1)), Point(at(2))]
    history.record(_snapshot(3), scraped=True)
    assert history.points(MNIST, 60, at(3)) == []


def test_model_that_came_back_has_its_absences_counted_anew() -> None:
    history = History(capacity=3)
    for tick, interval in enumerate([BUSY, None, None, BUSY, None, None]):
        history.record(_snapshot(tick, interval), scraped=True)
    assert history.points(MNIST, 60, at(5)) == [_point(3), Point(at(4)), Point(at(5))]


def test_forgotten_model_begins_anew() -> None:
    history = History()
    history.record(_snapshot(1, BUSY), scraped=True)
    history.forget(MNIST)
    history.record(_snapshot(2, BUSY), scraped=True)
    assert history.points(MNIST, 60, at(2)) == [_point(2)]


def _point(seconds: float) -> Point:
    return Point(at(seconds), 2.0, 2.0, 0.1)


def _snapshot(
    seconds: float, interval: Reading | None = None, *, gone: Gone | None = None
) -> Snapshot:
    """A snapshot with one model whose traffic this is, or without any."""
    server = ServerStatus("local")
    if interval is None:
        return Snapshot(at(seconds), server)
    traffic = Traffic(interval, interval, interval, interval)
    model = ModelStatus(ModelVersion("mnist", "1.0"), True, traffic, (), FINE, gone=gone)
    return Snapshot(at(seconds), server, models=(model,))
