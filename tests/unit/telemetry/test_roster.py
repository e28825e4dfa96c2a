"""What the roster remembers of models from tick to tick."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from tests.unit.telemetry.scrapes import at
from tsmon.telemetry.health.verdicts import ModelHealth, WorkerHealth
from tsmon.telemetry.roster import QUIET, Roster
from tsmon.telemetry.scrape import SeriesKey
from tsmon.telemetry.snapshot import Gone, ModelKey, ModelStatus, ProcessUsage
from tsmon.telemetry.source import Description, Observation
from tsmon.telemetry.traffic import Missing, Traffic, Usage
from tsmon.torchserve.errors import Unreachable
from tsmon.torchserve.records import ModelVersion, Worker

MNIST = ModelKey("mnist", "1.0")


def test_models_are_sorted_by_name_and_version() -> None:
    models = _update(Roster(), _described("b"), _described("a", "2.0"), _described("a", "1.0"))
    assert [str(model.key) for model in models] == ["a 1.0", "a 2.0", "b 1.0"]


def test_model_that_is_missing_was_unregistered_and_leaves() -> None:
    roster = Roster()
    _update(roster, _described("mnist"))
    assert _update(roster) == ()


def test_model_that_is_missing_after_an_outage_stays_as_gone() -> None:
    roster = Roster()
    _update(roster, _described("mnist", workers=[_worker("9000")]))
    (gone,) = _update(roster, outage=True)
    assert (gone.key, gone.gone, gone.workers) == (MNIST, Gone.FORGOTTEN, ())
    assert gone.traffic == Traffic.missing(Missing.RESTARTED)
    assert _update(roster) == (gone,)


def test_model_that_comes_back_is_no_longer_gone() -> None:
    roster = Roster()
    _update(roster, _described("mnist"))
    _update(roster, outage=True)
    (back,) = _update(roster, _described("mnist"))
    assert not back.gone


LEFT = Usage(seconds=1.0, arrived=0.0, counted=0.0, inference_us=0.0, queue_us=0.0)


def _left(*series: SeriesKey) -> Mapping[SeriesKey, Traffic]:
    return {key: Traffic(LEFT, LEFT, LEFT, LEFT) for key in series}


def test_series_of_an_unregistered_model_show_it_as_gone_until_they_end() -> None:
    roster = Roster()
    series = _left(SeriesKey("mnist", "default"), SeriesKey("mnist", "1.0"))
    _update(roster, _described("mnist"), traffic=series)
    (gone,) = _update(roster, traffic=series)
    assert (gone.key, gone.gone, gone.traffic.interval) == (MNIST, Gone.UNREGISTERED, LEFT)
    assert _update(roster, traffic=Missing.NO_COUNTERS) == (gone,)
    assert _update(roster, traffic={}) == ()


def test_series_of_models_that_were_never_seen_are_gone_too() -> None:
    series = _left(SeriesKey("old", "default"), SeriesKey("mnist", "2.0"))
    models = _update(Roster(), _described("mnist"), traffic=series)
    assert [(str(model.key), bool(model.gone)) for model in models] == [
        ("mnist 1.0", False),
        ("mnist 2.0", True),
        ("old default", True),
    ]


def test_version_that_is_registered_again_is_not_gone() -> None:
    roster = Roster()
    series = _left(SeriesKey("mnist", "default"))
    _update(roster, _described("mnist"), traffic=series)
    _update(roster, traffic=series)
    (back,) = _update(roster, _described("mnist"), traffic=series)
    assert not back.gone


def test_version_unregistered_here_leaves_with_its_series_until_it_is_registered_again() -> None:
    roster = Roster()
    series = _left(SeriesKey("mnist", "default"))
    _update(roster, _described("mnist"), traffic=series)
    roster.dismiss(MNIST)
    assert _update(roster, traffic=series) == ()
    _update(roster, _described("mnist"), traffic=series)
    (gone,) = _update(roster, traffic=series)
    assert gone.gone


def test_dismissed_model_does_not_stay_even_after_an_outage() -> None:
    roster = Roster()
    _update(roster, _described("mnist"))
    roster.dismiss(MNIST)
    assert _update(roster, outage=True) == ()


def test_gone_model_is_let_go_when_dismissed() -> None:
    roster = Roster()
    _update(roster, _described("mnist"))
    _update(roster, outage=True)
    roster.dismiss(MNIST)
    assert roster.models == _update(roster) == ()


def test_dismissal_does_not_outlast_the_registration_it_was_for() -> None:
    roster = Roster()
    _update(roster, _described("mnist"))
    roster.dismiss(MNIST)
    _update(roster)
    _update(roster, _described("mnist"))
    (gone,) = _update(roster, outage=True)
    assert gone.gone


def test_default_version_has_the_traffic_of_requests_that_named_none() -> None:
    named, unnamed = _traffic(1), _traffic(10)
    traffic = {SeriesKey("mnist", "1.0"): named, SeriesKey("mnist", "default"): unnamed}
    first, second = _update(
        Roster(),
        _described("mnist", "1.0"),
        _described("mnist", "2.0", is_default=False),
        traffic=traffic,
    )
    assert first.traffic == Traffic.sum([named, unnamed])
    assert second.traffic == Traffic(QUIET, QUIET, QUIET, QUIET)


def test_without_counters_the_traffic_says_so() -> None:
    (model,) = _update(Roster(), _described("mnist"), traffic=Missing.NO_COUNTERS)
    assert model.traffic == Traffic.missing(Missing.NO_COUNTERS)


def test_a_scrape_that_fails_costs_the_interval_and_nothing_else() -> None:
    roster = Roster()
    traffic = _traffic(1)
    _update(roster, _described("mnist"), traffic={SeriesKey("mnist", "default"): traffic})
    (model,) = _update(roster, _described("mnist"), traffic=Missing.NO_COUNTERS)
    assert model.traffic == replace(traffic, interval=Missing.NO_COUNTERS)


def test_tick_without_an_answer_keeps_the_models_but_not_their_interval() -> None:
    roster = Roster()
    traffic = _traffic(1)
    _update(roster, _described("mnist"), traffic={SeriesKey("mnist", "default"): traffic})
    (model,) = roster.without_traffic(Missing.NO_COUNTERS)
    assert model.traffic.interval is Missing.NO_COUNTERS
    assert (model.traffic.window, model.traffic.since_start) == (
        traffic.window,
        traffic.since_start,
    )


@pytest.mark.parametrize(
    ("before", "health"), [("READY", WorkerHealth.RETRYING), ("UNLOADING", WorkerHealth.STARTING)]
)
def test_worker_that_is_not_ready_retries_if_it_was_and_starts_if_not(
    before: str, health: WorkerHealth
) -> None:
    roster = Roster()
    _update(roster, _described("mnist", workers=[_worker("9000", before)]))
    (model,) = _update(roster, _described("mnist", workers=[_worker("9000", "UNLOADING")]))
    assert [worker.verdict.health for worker in model.workers] == [health]
    assert model.ready == 0


def test_version_that_somebody_removes_is_unregistering_until_it_is_gone() -> None:
    roster = Roster()
    _update(roster, _described("mnist", workers=[_worker("9000")]))
    roster.dismiss(MNIST)
    (model,) = _update(roster, _described("mnist", workers=[_worker("9000")]))
    assert model.verdict.health is ModelHealth.UNREGISTERING
    assert _update(roster, outage=True) == ()


def test_new_worker_starts_whatever_the_one_before_it_did() -> None:
    roster = Roster()
    _update(roster, _described("mnist", workers=[_worker("9000")]))
    _update(roster, _described("mnist"))
    (model,) = _update(roster, _described("mnist", workers=[_worker("9000", "UNLOADING")]))
    assert model.workers[0].verdict.health is WorkerHealth.STARTING


def test_this_machines_reading_of_a_workers_memory_wins() -> None:
    described = _described("mnist", workers=[_worker("9000", pid=7), _worker("9001", pid=8)])
    usage = ProcessUsage(memory_bytes=2, cpu_percent=50.0, started=0.0)
    (model,) = _update(Roster(), described, processes={7: usage})
    assert [worker.memory_bytes for worker in model.workers] == [2, 1]


def _described(
    name: str, version: str = "1.0", *, is_default: bool = True, workers: list[Worker] | None = None
) -> Description:
    return Description(ModelVersion(name, version, workers=tuple(workers or ())), is_default)


def _worker(id_: str, status: str = "READY", pid: int = 1) -> Worker:
    return Worker(id_, status, pid, memory_bytes=1, start_time="")


def _traffic(requests: float) -> Traffic:
    usage = Usage(1.0, requests, requests, requests * 1000, requests)
    return Traffic(usage, usage, usage, usage)


def _update(
    roster: Roster,
    *descriptions: Description,
    traffic: Mapping[SeriesKey, Traffic] | Missing | None = None,
    processes: Mapping[int, ProcessUsage] | None = None,
    outage: bool = False,
) -> tuple[ModelStatus, ...]:
    observation = Observation(
        at(0), None, descriptions, Unreachable("not scraped"), processes=processes or {}
    )
    return roster.update(
        observation, descriptions, {} if traffic is None else traffic, outage=outage
    )
