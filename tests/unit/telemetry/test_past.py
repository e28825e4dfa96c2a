"""What is kept of the past, and how one moves in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.telemetry.events import EventKind, EventLog
from tsmon.telemetry.health.verdicts import ModelHealth, ModelVerdict
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.past import Past
from tsmon.telemetry.playhead import LONGEST_GAP_S, Playhead
from tsmon.telemetry.snapshot import ModelStatus, ServerState, ServerStatus, Snapshot
from tsmon.telemetry.traffic import Missing, Traffic
from tsmon.torchserve.records import ModelVersion

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


def playhead_over(*snapshots: Snapshot) -> tuple[Playhead, Past]:
    past, events = Past(), EventLog()
    for snapshot in snapshots:
        past.keep(snapshot)
        events.observe(snapshot)
    return Playhead(past, events), past


def shown(playhead: Playhead) -> float:
    assert playhead.view is not None
    return playhead.view.snapshot.at.since(at(0))


@given(st.lists(st.integers(0, 30), max_size=60), st.integers(1, 20), st.integers(1, 40))
def test_the_past_is_bounded_in_ticks_and_in_models_and_keeps_the_newest(
    sizes: list[int], most_ticks: int, most_models: int
) -> None:
    past = Past(most_ticks, most_models)
    for second, size in enumerate(sizes):
        past.keep(tick(second, *(f"m{n}" for n in range(size))))
        kept = [past[index] for index in range(len(past))]
        assert kept[-1].at == at(second)
        assert len(kept) <= most_ticks
        assert len(kept) == 1 or sum(len(each.models) for each in kept) <= most_models


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
    past = Past(most_ticks=3)
    playhead = Playhead(past, EventLog())
    for second in range(3):
        past.keep(tick(second))
    playhead.step(-2)
    past.keep(tick(3))
    past.keep(tick(4))
    assert shown(playhead) == 2


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
    playhead = Playhead(Past(), EventLog())
    playhead.hold()
    playhead.step(-1)
    playhead.play(1)
    playhead.go_to(0)
    assert playhead.view is None
    assert playhead.go_to_event(1) is None
    assert not playhead.held


def test_the_snapshots_since_a_moment_are_at_least_the_newest() -> None:
    past = Past()
    for second in range(5):
        past.keep(tick(second))

    assert [each.at for each in past.since(at(3).monotonic)] == [at(3), at(4)]
    assert [each.at for each in past.since(at(9).monotonic)] == [at(4)]
    assert Past().since(0.0) == []
