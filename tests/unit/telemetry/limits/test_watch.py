"""A limit is exceeded once it held for long enough, and over once it did not for as long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.telemetry.limits.ticks import at, limit, model, tick
from tsmon.telemetry.events import EventKind, EventLog
from tsmon.telemetry.limits.limit import Limit, LimitState, LimitStatus
from tsmon.telemetry.limits.watch import LONGEST_GAP_S, LimitWatch
from tsmon.telemetry.snapshot import Gone, ServerState, Snapshot

QUEUED = limit("queue > 20 for 10 s", clear_s=5)
_STEPS = st.lists(
    st.tuples(
        st.integers(1, 12) | st.just(100),
        st.none() | st.integers(0, 40),
        st.booleans(),
    ),
    max_size=60,
)


def statuses(watch: LimitWatch, *values: int | None, step: float = 1.0) -> list[LimitStatus]:
    """How the model stands at ticks with so many requests in the queue."""
    snapshots = (watch.judge(tick(n * step, model(value))) for n, value in enumerate(values))
    return [snapshot.models[0].limits[0] for snapshot in snapshots]


def states(watch: LimitWatch, *values: int | None, step: float = 1.0) -> list[LimitState]:
    return [status.state for status in statuses(watch, *values, step=step)]


def test_it_is_exceeded_after_its_time_and_over_after_its_own() -> None:
    found = states(LimitWatch([QUEUED]), 30, 30, 30, 5, 30, 5, 5, step=5)

    assert found == [
        LimitState.PENDING,
        LimitState.PENDING,
        LimitState.EXCEEDED,
        LimitState.EXCEEDED,
        LimitState.EXCEEDED,
        LimitState.EXCEEDED,
        LimitState.WITHIN,
    ]


def test_without_a_time_it_is_exceeded_at_once() -> None:
    assert states(LimitWatch([limit("queue > 20", clear_s=10)]), 30, 0, step=9) == [
        LimitState.EXCEEDED,
        LimitState.EXCEEDED,
    ]


def test_it_says_since_when() -> None:
    found = statuses(LimitWatch([QUEUED]), 0, 30, 30, 30, 30, step=5)

    assert [status.since for status in found] == [None, at(5), at(5), at(15), at(15)]
    assert str(found[-1]) == "a: queue 30 (queue > 20 for 10 s)"


def test_what_is_not_known_is_neither_over_nor_under() -> None:
    watch = LimitWatch([QUEUED])

    found = states(watch, 30, None, 30, 30, 30, None, step=5)

    assert found[1] is LimitState.UNKNOWN
    assert found[3] is LimitState.PENDING  # the time begins again after what is not known
    assert found[4:] == [LimitState.EXCEEDED, LimitState.EXCEEDED]


def test_a_server_that_is_away_ends_nothing_and_begins_nothing() -> None:
    watch = LimitWatch([QUEUED])
    statuses(watch, 30, 30, 30, step=5)
    away = [
        watch.judge(tick(15 + 5 * n, model(0), state=ServerState.AWAY)).models[0] for n in range(9)
    ]

    assert all(each.exceeded for each in away)
    assert {each.limits[0].value for each in away} == {None}


def test_a_long_time_without_ticks_counts_for_nothing() -> None:
    watch = LimitWatch([QUEUED])
    watch.judge(tick(0, model(30)))
    later = watch.judge(tick(LONGEST_GAP_S + 1, model(30)))

    assert later.models[0].limits[0].state is LimitState.PENDING


@given(_STEPS)
def test_it_turns_only_after_its_whole_time_of_known_numbers(
    steps: list[tuple[int, int | None, bool]],
) -> None:
    watch, now, before = LimitWatch([QUEUED]), 0.0, False
    seen: list[tuple[float, bool | None]] = []
    for seconds, value, away in steps:
        now += seconds
        state = ServerState.AWAY if away else ServerState.UP
        status = watch.judge(tick(now, model(value), state=state)).models[0].limits[0]
        holds = None if away or value is None else value > 20
        seen.append((now, holds))
        if status.exceeded is not before:
            assert holds is status.exceeded
            needed = 10.0 if status.exceeded else 5.0
            lately = [known for when, known in seen if now - when <= needed]
            assert set(lately) == {status.exceeded}
            assert any(now - when >= needed for when, known in _run(seen))
        before = status.exceeded


def _run(seen: list[tuple[float, bool | None]]) -> list[tuple[float, bool | None]]:
    """The last ones that say the same, without a gap."""
    run = [seen[-1]]
    for each in reversed(seen[:-1]):
        if each[1] is not seen[-1][1] or run[-1][0] - each[0] > LONGEST_GAP_S:
            break
        run.append(each)
    return run


@given(_STEPS, st.sets(st.integers(0, 59)))
def test_what_is_remembered_is_how_it_was(
    steps: list[tuple[int, int | None, bool]], unregistered: set[int]
) -> None:
    watch, now = LimitWatch([QUEUED], remembers=True), 0.0
    judged: list[tuple[Snapshot, Snapshot]] = []
    for number, (seconds, value, away) in enumerate(steps):
        now += seconds
        state = ServerState.AWAY if away else ServerState.UP
        models = () if number in unregistered else (model(value),)
        plain = tick(now, *models, state=state)
        judged.append((plain, watch.judge(plain)))

    for plain, then in judged:
        if not plain.models:
            continue
        now_known, known = watch.recalled(plain).models[0].limits[0], then.models[0].limits[0]
        assert now_known.exceeded == known.exceeded
        assert now_known.value == known.value
        assert not known.exceeded or now_known.since == known.since


def test_what_was_not_judged_yet_is_not_known() -> None:
    watch = LimitWatch([QUEUED], remembers=True)
    watch.judge(tick(0, model(30)))

    assert watch.recalled(tick(1, model(30))).models[0].limits == (LimitStatus(QUEUED),)


@pytest.mark.parametrize(
    ("pattern", "covered"),
    [
        ("", {"mnist", "mnist2", "cifar"}),
        ("mnist", {"mnist"}),
        ("mnist/1.0", {"mnist"}),
        ("mnist/2.0", set()),
        ("mnist*", {"mnist", "mnist2"}),
        ("*/1.*", {"mnist", "mnist2", "cifar"}),
        ("MNIST", set()),
    ],
)
def test_a_limit_is_about_the_models_that_it_names(pattern: str, covered: set[str]) -> None:
    watch = LimitWatch([limit("queue > 20", model=pattern)])
    names = ("mnist", "mnist2", "cifar")

    models = watch.judge(tick(0, *(model(0, name=name) for name in names))).models

    assert {each.key.name for each in models if each.limits} == covered


def events(limits: list[Limit], *snapshots: Snapshot) -> list[tuple[EventKind, str]]:
    watch, log = LimitWatch(limits), EventLog()
    for snapshot in snapshots:
        log.observe(watch.judge(snapshot))
    return [(event.kind, event.text) for event in log.events]


def test_its_begin_and_its_end_are_events_with_figure_and_limit() -> None:
    ticks = [tick(5 * n, model(queued)) for n, queued in enumerate((30, 31, 32, 3, 2))]

    assert events([QUEUED], *ticks) == [
        (EventKind.LIMIT_EXCEEDED, "a: queue 32 (queue > 20 for 10 s)"),
        (EventKind.LIMIT_CLEARED, "a: queue 2, exceeded for 10 s (queue > 20 for 10 s)"),
    ]


def test_a_limit_that_is_exceeded_at_the_first_tick_is_an_event() -> None:
    found = events([limit("queue > 20", clear_s=10)], tick(0, model(30)))

    assert found == [(EventKind.LIMIT_EXCEEDED, "a: queue 30 (queue > 20)")]


def test_it_ends_with_its_model() -> None:
    over = limit("queue > 20", clear_s=10)
    gone = replace(model(30), gone=Gone.FORGOTTEN)

    for last in (tick(5, model(0, name="cifar")), tick(5, gone)):
        found = events([over], tick(0, model(30), model(0, name="cifar")), last)
        cleared = [text for kind, text in found if kind is EventKind.LIMIT_CLEARED]
        assert cleared == [
            "a: the version is not registered any more, exceeded for 5 s (queue > 20)"
        ]


def test_a_model_that_comes_back_begins_again() -> None:
    watch = LimitWatch([QUEUED])
    statuses(watch, 30, 30, 30, step=5)
    watch.judge(tick(20))

    assert watch.judge(tick(25, model(30))).models[0].limits[0].state is LimitState.PENDING


def test_restarts_are_counted_over_their_time() -> None:
    watch = LimitWatch([limit("restarts > 2 in 10 min", clear_s=0)])
    course = [(0, (5,)), (60, (6,)), (120, (6, 0)), (180, (7, 1)), (700, (7, 1)), (790, (7, 1))]

    found = [
        watch.judge(tick(seconds, model(0, restarts=counts))).models[0].limits[0]
        for seconds, counts in course
    ]

    assert [status.value for status in found] == [0, 1, 1, 3, 2, 0]
    assert [status.exceeded for status in found] == [False, False, False, True, False, False]


def test_another_limit_leaves_the_others_as_they_were() -> None:
    stays, goes = limit("queue > 20 for 10 s", name="stays"), limit("ready < 9", name="goes")
    watch, log = LimitWatch([stays, goes]), EventLog()
    for seconds in (0, 5, 10):
        log.observe(watch.judge(tick(seconds, model(30))))
    watch.hold_to([stays, limit("restarts > 2 in 10 min", name="new")])
    last = watch.judge(tick(15, model(30)))
    log.observe(last)

    found = {each.limit.name: (each.exceeded, each.since) for each in last.models[0].limits}
    assert found == {"stays": (True, at(10)), "new": (False, None)}
    assert [(each.kind, each.text) for each in log.events][-1] == (
        EventKind.LIMIT_CLEARED,
        "goes: the limit was changed, exceeded for 15 s (ready < 9)",
    )
