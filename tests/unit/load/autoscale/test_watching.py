"""What ticks show of a model whose load and workers change, and where they show nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

import pytest
from msgspec.structs import replace

from tests.unit.load.autoscale.world import KEY, UP, World, snapshot, status
from tsmon.load.autoscale.decision import Autoscaler, Gap, Policy, Reading
from tsmon.load.autoscale.measuring import steady_arrivals
from tsmon.load.autoscale.watching import LEAST_S, Watching
from tsmon.load.capacity.curve import ServicePoint
from tsmon.load.capacity.prediction import LatencyGoal
from tsmon.load.capacity.situation import Machine
from tsmon.telemetry.snapshot import MetricsStatus, ServerState, Snapshot
from tsmon.telemetry.traffic import Missing, Traffic, Usage
from tsmon.torchserve.errors import Unreachable

MACHINE = Machine(8, 1)
ANY = LatencyGoal()


def watched(world: World, watching: Watching, rates: Iterable[float]) -> Iterator[Reading]:
    return (watching.read(world.tick(rate), MACHINE) for rate in rates)


def last(readings: Iterable[Reading]) -> Reading:
    return list(readings)[-1]


def test_what_is_needed_is_what_the_advice_says_with_and_without_room() -> None:
    found = last(watched(World(1), Watching(KEY, ANY), [8.0] * 30))
    assert (found.unknown, found.need, found.workers, found.measured) == (None, 1, 1, 1)
    assert found.rate == pytest.approx(8.0, rel=0.3)
    assert found.service_ms == pytest.approx(50.0)
    assert found.met
    assert "requests/s, 50.0 ms service time" in found.why
    assert found.why_roomy.startswith("with 20% more than ")


def test_a_rate_is_followed_within_seconds_and_waits_of_before_are_not_the_floor() -> None:
    world, watching = World(2), Watching(KEY, ANY)
    last(watched(world, watching, [8.0] * 30))
    found = last(watched(world, watching, [58.0] * 12))
    assert found.rate == pytest.approx(58.0, rel=0.2)
    assert found.need in (4, 5)
    assert not found.met
    world.workers = 5
    again = last(watched(world, watching, [58.0] * 25))
    assert (again.unknown, again.need in (4, 5)) == (None, True)


def test_waits_that_were_there_from_the_beginning_are_not_the_floor_either() -> None:
    world, watching = World(8), Watching(KEY, ANY)
    last(watched(world, watching, [30.0] * 15))
    world.workers = 6
    assert [each.unknown for each in watched(world, watching, [30.0] * 15)] == [None] * 15


def test_service_times_belong_to_the_workers_that_they_were_measured_with() -> None:
    world, watching = World(3), Watching(KEY, ANY)
    last(watched(world, watching, [15.0] * 20))
    world.workers = 2
    few, *_ = later = list(watched(world, watching, [15.0] * 20))
    assert few.measured == 1
    assert later[-1].measured == 2


def test_those_of_experiments_count_as_measured() -> None:
    watching = Watching(KEY, ANY, (ServicePoint(6, 50.0, 0.0),))
    assert last(watched(World(4), watching, [8.0] * 10)).measured == 6


def test_without_a_request_one_is_enough() -> None:
    quiet = Traffic.missing(Missing.NO_TRAFFIC)
    watching = Watching(KEY, ANY)
    readings = [watching.read(snapshot(n, status(3, quiet)), MACHINE) for n in range(10)]
    gaps = [each.unknown.gap if each.unknown else None for each in readings]
    assert gaps == [Gap.SHORT] * int(LEAST_S) + [None] * 5
    assert (readings[-1].need, readings[-1].roomy, readings[-1].rate) == (1, 1, 0.0)
    assert readings[-1].why == "no request came for 9 s"


def test_refused_requests_are_no_failures_but_the_target_is_missed() -> None:
    world, watching = World(5), Watching(KEY, ANY)
    refused = [watching.read(world.tick(40.0, {200: 50, 503: 50}, 99), MACHINE) for _ in range(20)]
    assert (refused[-1].unknown, refused[-1].met) == (None, False)
    assert refused[-1].need > 1
    watching = Watching(KEY, ANY)
    failed = [watching.read(world.tick(40.0, {200: 50, 503: 50}, 20), MACHINE) for _ in range(20)]
    assert failed[-1].unknown is not None
    assert failed[-1].unknown.gap is Gap.ADVICE
    assert "50% of the requests fail" in failed[-1].unknown.words


def test_a_queue_that_was_full_no_longer_misses_the_target_once_it_was_not_for_a_while() -> None:
    world, watching = World(7), Watching(KEY, ANY)
    last(watched(world, watching, [8.0] * 20))
    assert not watching.read(world.tick(8.0, pending=90), MACHINE).met
    met = [each.met for each in watched(world, watching, [8.0] * 15)]
    assert met == [False] * 10 + [True] * 5


def _away(seen: Snapshot) -> Snapshot:
    problem = Unreachable("connection refused")
    return replace(seen, server=replace(UP, state=ServerState.AWAY, problem=problem))


def _without_counters(seen: Snapshot) -> Snapshot:
    (model,) = seen.models
    lost = replace(model, traffic=replace(model.traffic, interval=Missing.NO_COUNTERS))
    return replace(seen, models=(lost,))


def _one_not_ready(seen: Snapshot) -> Snapshot:
    (model,) = seen.models
    return replace(seen, models=(replace(model, workers=model.workers[1:]),))


@pytest.mark.parametrize(
    ("lose", "gap", "words"),
    [
        (_away, Gap.SERVER, "connection refused"),
        (lambda seen: replace(seen, models=()), Gap.GONE, "steady 1.0 is not registered"),
        (_without_counters, Gap.METRICS, "the rate is not known: no counters"),
        (_one_not_ready, Gap.WORKERS, "1 of 2 workers ready"),
        (
            lambda seen: replace(seen, metrics=MetricsStatus(problem=Unreachable("refused"))),
            Gap.METRICS,
            "/metrics cannot be read: refused",
        ),
        (
            lambda seen: replace(seen, metrics=MetricsStatus(log_problem="permission denied")),
            Gap.LOGS,
            "service times are not known: permission denied",
        ),
        (lambda seen: replace(seen, metrics=MetricsStatus()), Gap.LOGS, "name them with --logs"),
    ],
)
def test_what_is_missing_is_no_number(lose: object, gap: Gap, words: str) -> None:
    world, watching = World(6, workers=2), Watching(KEY, ANY)
    last(watched(world, watching, [8.0] * 20))
    lost = watching.read(lose(world.tick(8.0)), MACHINE)  # type: ignore[operator]
    assert lost.unknown is not None
    assert (lost.unknown.gap, lost.workers, lost.need) == (gap, None, 0)
    assert words in lost.unknown.words
    # It watches again before it knows more.
    assert watching.read(world.tick(8.0), MACHINE).unknown is not None
    assert last(watched(world, watching, [8.0] * 10)).unknown is None


@pytest.mark.parametrize("seed", range(2))
def test_steps_of_load_at_random_times_are_followed_without_flapping(seed: int) -> None:
    world, watching = World(seed), Watching(KEY, ANY)
    scaler = Autoscaler(Policy(most=8, down_after_s=60))
    numbers = []
    for rate, seconds in ((8.0, 60), (58.0, 120), (8.0, 200)):
        for _ in range(seconds):
            target = scaler.decide(watching.read(world.tick(rate), MACHINE)).target
            world.workers = target or world.workers
        numbers.append(world.workers)
    low, high, after = numbers
    assert low in (1, 2)
    assert high in (4, 5, 6)
    assert after in (1, 2)


@pytest.mark.parametrize("seed", range(2))
def test_a_constant_load_at_random_times_leaves_the_number_alone(seed: int) -> None:
    world, watching = World(seed, workers=3), Watching(KEY, ANY)
    scaler = Autoscaler(Policy(most=8, down_after_s=60))
    numbers = [3]
    for _ in range(300):
        target = scaler.decide(watching.read(world.tick(30.0), MACHINE)).target
        world.workers = target or world.workers
        numbers += [target] if target else []
    assert len({later > earlier for earlier, later in pairwise(numbers)}) <= 1, numbers


def test_a_step_of_the_rate_is_no_burst() -> None:
    world = World(9)
    stepped = [world.tick(rate) for rate in [10.0] * 30 + [60.0] * 30]
    found = steady_arrivals([each.models[0].traffic.interval for each in stepped])
    assert found is not None
    assert not found.bursty
    assert found.dispersion == pytest.approx(1.0, abs=0.5)


def test_bursts_are() -> None:
    intervals = [Usage(1.0, n, n, n, 0.0) for n in [0, 40] * 30]
    found = steady_arrivals(intervals)
    assert found is not None
    assert found.bursty
