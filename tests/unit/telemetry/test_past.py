"""What is kept of the past, and how one moves in it."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tsmon.telemetry.events import EventKind, EventLog
from tsmon.telemetry.health.verdicts import ModelHealth, ModelVerdict
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.logs.percentiles import Percentiles
from tsmon.telemetry.logs.request_report import (
    LastReading,
    RequestPhase,
    RequestReport,
    WorkerShare,
)
from tsmon.telemetry.packing import Packer, unpack
from tsmon.telemetry.past import CHUNK_TICKS, PAST_BYTES, KeptPast
from tsmon.telemetry.playhead import LONGEST_GAP_S, Playhead
from tsmon.telemetry.snapshot import ModelStatus, ServerState, ServerStatus, Snapshot
from tsmon.telemetry.traffic import Missing, Traffic, Usage
from tsmon.torchserve.errors import ApiError
from tsmon.torchserve.records import JobQueue, ModelVersion

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def at(seconds: float) -> Instant:
    return Instant(1000.0 + seconds, START + timedelta(seconds=seconds))


def tick(seconds: float, *names: str, state: ServerState = ServerState.UP) -> Snapshot:
    models = tuple(
        ModelStatus(
            ModelVersion(name, "1.0"),
            True,
            Traffic.missing(Missing.NO_TRAFFIC),
            (),
            ModelVerdict(ModelHealth.READY, ""),
        )
        for name in names
    )
    return Snapshot(at(seconds), ServerStatus("x", state, last_answer=at(seconds)), models=models)


def playhead_over(*snapshots: Snapshot) -> tuple[Playhead, KeptPast]:
    past, events = KeptPast(), EventLog()
    for snapshot in snapshots:
        past.keep(snapshot)
        events.observe(snapshot)
    return Playhead(past, events), past


def shown(playhead: Playhead) -> float:
    assert playhead.view is not None
    return playhead.view.snapshot.at.since(at(0))


@given(st.lists(st.integers(0, 300), max_size=40), st.integers(1, 100_000))
def test_the_past_is_bounded_in_bytes_and_keeps_the_newest(sizes: list[int], budget: int) -> None:
    past = KeptPast(budget)
    every = [tick(second, *(f"m{n}" for n in range(size))) for second, size in enumerate(sizes)]
    for snapshot in every:
        past.keep(snapshot)
        assert past.at(-1) == past[-1].at == snapshot.at
    kept = [past[index] for index in range(len(past))]
    assert kept == every[len(every) - len(kept) :]
    assert [past.at(index) for index in range(len(past))] == [each.at for each in kept]


@pytest.mark.parametrize("models", [10, 2000])
def test_the_past_stays_within_its_budget_however_many_models_there_are(models: int) -> None:
    budget = 1 << 20
    past = KeptPast(budget)
    chance = random.Random(1)
    for second in range(40_000 // models):
        past.keep(busy(second, models, chance))
        assert past.size <= budget or len(past) <= CHUNK_TICKS
    assert 1 < len(past) < 40_000 // models
    assert past[0].at.since(at(0)) > 0


def busy(second: int, models: int, chance: random.Random) -> Snapshot:
    """A tick at which every model has other numbers than before."""
    one = tick(second, *(f"m{n}" for n in range(models)))
    return replace(one, models=tuple(replace(m, traffic=some(chance)) for m in one.models))


def some(chance: random.Random) -> Traffic:
    usage = Usage(*(chance.random() for _ in range(5)))
    return Traffic(usage, usage, usage, usage)


numbers = st.floats(allow_nan=False)
usages = st.builds(Usage, numbers, numbers, numbers, numbers, numbers)
readings = st.one_of(usages, st.sampled_from(Missing))
names = st.text(max_size=8)
percentiles = st.builds(Percentiles, st.integers(), numbers, numbers, numbers, numbers)
profiles = st.dictionaries(st.sampled_from(RequestPhase), percentiles, max_size=5)
reports = st.builds(
    RequestReport,
    profiles,
    profiles,
    st.dictionaries(st.integers(100, 599), st.integers(), max_size=3),
    last=st.none()
    | st.builds(
        LastReading,
        numbers,
        st.integers(),
        st.integers(),
        profiles,
        st.dictionaries(names, st.builds(WorkerShare, st.integers(), numbers), max_size=2),
    ),
)
statuses = st.builds(
    ModelStatus,
    st.builds(
        ModelVersion,
        names,
        names,
        workers=st.just(()),
        queue=st.none() | st.builds(JobQueue, st.integers(), st.integers()),
        raw=st.dictionaries(names, st.integers() | names, max_size=2),
        unread=st.just(()),
    ),
    st.booleans(),
    st.builds(Traffic, readings, readings, readings, readings),
    st.just(()),
    st.builds(ModelVerdict, st.sampled_from(ModelHealth), names),
    requests=st.none() | reports,
)
snapshots = st.builds(
    Snapshot,
    st.builds(at, st.integers(0, 10**6)),
    st.builds(ServerStatus, names, st.sampled_from(ServerState)),
    models=st.lists(statuses, max_size=3).map(tuple),
)


@given(st.lists(snapshots, max_size=4))
def test_unpacked_snapshots_are_those_that_were_packed(each: list[Snapshot]) -> None:
    packer = Packer()
    for snapshot in each + each[:1]:
        packer.add(snapshot)
    found = unpack(packer.packed())
    assert found == each + each[:1]
    raw = [[model.described.raw for model in snapshot.models] for snapshot in found]
    assert raw == [[m.described.raw for m in snapshot.models] for snapshot in each + each[:1]]


def test_an_error_is_unpacked_with_all_it_says() -> None:
    problem = ApiError(409, "ConflictStatusException", "no more", "do less")
    packer = Packer()
    packer.add(replace(tick(0), server=ServerStatus("x", problem=problem)))
    found = unpack(packer.packed())[0].server.problem
    assert isinstance(found, ApiError)
    assert (str(found), found.hint, vars(found)) == (str(problem), "do less", vars(problem))


def test_a_moment_looked_at_again_is_the_very_same() -> None:
    past = KeptPast()
    for second in range(3 * CHUNK_TICKS):
        past.keep(tick(second, "mnist"))
    assert past[5] is past[5]
    assert past[-1] is past[len(past) - 1]
    assert past.size < PAST_BYTES
    with pytest.raises(IndexError):
        past[len(past)]


def test_one_that_remembers_nothing_has_the_newest() -> None:
    past = KeptPast(0)
    for second in range(3):
        past.keep(tick(second))
    assert (len(past), past[0].at, past.at(-1)) == (1, at(2), at(2))


@given(st.lists(st.floats(0.1, 50), min_size=1, max_size=30), st.floats(-10, 2000))
def test_a_moment_is_shown_by_the_last_tick_not_after_it(
    pauses: list[float], moment: float
) -> None:
    seconds = [sum(pauses[: n + 1]) for n in range(len(pauses))]
    playhead, _ = playhead_over(*map(tick, seconds))
    playhead.go_to(at(moment).monotonic)
    earlier = [each for each in seconds if at(each).monotonic <= at(moment).monotonic]
    assert shown(playhead) == pytest.approx(earlier[-1] if earlier else seconds[0])


def test_it_follows_the_newest_tick_until_it_is_held() -> None:
    playhead, past = playhead_over(tick(0), tick(1))
    assert shown(playhead) == 1
    playhead.hold()
    past.keep(tick(2))
    assert shown(playhead) == 1
    playhead.release()
    assert shown(playhead) == 2


def test_steps_stop_at_both_ends() -> None:
    playhead, _ = playhead_over(*map(tick, range(5)))
    playhead.step(-2)
    assert (shown(playhead), playhead.held) == (2, True)
    playhead.step(-9)
    assert shown(playhead) == 0
    playhead.step(99)
    assert shown(playhead) == 4
    assert playhead.is_at_end


@given(st.lists(st.integers(-400, 400), max_size=12))
def test_what_is_looked_at_is_always_on_the_charts(steps: list[int]) -> None:
    playhead, _ = playhead_over(*map(tick, range(500)))
    for step in steps:
        playhead.step(step)
        assert playhead.view is not None
        assert 0 <= playhead.view.behind_s <= playhead.span_s


def test_charts_stand_still_while_a_step_stays_on_them() -> None:
    playhead, _ = playhead_over(*map(tick, range(500)))
    playhead.hold()
    edges = set()
    for _ in range(100):
        playhead.step(-1)
        assert playhead.view is not None
        edges.add(playhead.view.edge)
    assert edges == {at(499)}


def test_a_tick_that_left_the_past_is_replaced_by_the_earliest() -> None:
    past = KeptPast(budget=5000)
    playhead = Playhead(past, EventLog())
    for second in range(3):
        past.keep(tick(second))
    playhead.step(-2)
    assert shown(playhead) == 0
    for second in range(3, 1000):
        past.keep(tick(second))
    assert shown(playhead) == past.at(0).since(at(0)) > 0


def test_events_are_gone_to_in_both_directions() -> None:
    playhead, _ = playhead_over(
        tick(0), tick(1, "mnist"), tick(2, "mnist"), tick(3, "mnist", "cifar"), tick(4, "mnist")
    )
    event = playhead.go_to_event(-1)
    assert event is not None
    assert (shown(playhead), event.kind) == (4, EventKind.MODEL_REMOVED)
    event = playhead.go_to_event(-1)
    assert event is not None
    assert (shown(playhead), event.subject) == (3, "cifar 1.0")
    assert playhead.go_to_event(-1) is not None
    assert shown(playhead) == 1
    assert playhead.go_to_event(-1) is None
    assert shown(playhead) == 1
    assert playhead.go_to_event(1) is not None
    assert shown(playhead) == 3


def test_a_time_before_everything_is_told() -> None:
    playhead, _ = playhead_over(*map(tick, range(10)))
    assert playhead.go_to_time(START + timedelta(seconds=4.5))
    assert shown(playhead) == 4
    assert not playhead.go_to_time(START - timedelta(seconds=1))
    assert shown(playhead) == 4


def test_playing_passes_time_and_skips_where_nothing_was_recorded() -> None:
    later = 5 + LONGEST_GAP_S + 10
    playhead, _ = playhead_over(*map(tick, [0, 1, 2, 3, 4, 5, later, later + 1]))
    playhead.go_to(at(0).monotonic)
    playhead.play(2.5)
    assert shown(playhead) == 2
    playhead.play(2.6)
    assert shown(playhead) == 5
    playhead.play(0.1)
    assert shown(playhead) == later
    playhead.play(60)
    assert playhead.is_at_end


def test_before_the_first_tick_there_is_nothing_to_look_at() -> None:
    playhead = Playhead(KeptPast(), EventLog())
    playhead.hold()
    playhead.step(-1)
    playhead.play(1)
    playhead.go_to(0)
    assert playhead.view is None
    assert playhead.go_to_event(1) is None
    assert not playhead.held


def test_the_snapshots_since_a_moment_are_at_least_the_newest() -> None:
    past = KeptPast()
    for second in range(5):
        past.keep(tick(second))

    assert [each.at for each in past.since(at(3).monotonic)] == [at(3), at(4)]
    assert [each.at for each in past.since(at(9).monotonic)] == [at(4)]
    assert KeptPast().since(0.0) == []
