"""Restarts and deaths of workers as counters."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from tests.unit.telemetry.limits.ticks import model, tick
from tsmon.exporter.restarts import SETTLE_S, DeathCounts, RestartCounts
from tsmon.telemetry.health.verdicts import ModelHealth, ModelVerdict, WorkerHealth
from tsmon.telemetry.logs.causes import Cause
from tsmon.telemetry.logs.known_exceptions import CauseKind
from tsmon.telemetry.snapshot import ModelKey, ModelStatus, ServerState

KEY = ModelKey("mnist", "1.0")
NOON = datetime(2026, 11, 22, 12)


def grown(*restarts: tuple[int, ...]) -> list[int]:
    """What each look at workers that restarted so often adds."""
    counts = RestartCounts()
    ticks = (tick(5 * n, model(restarts=each)) for n, each in enumerate(restarts))
    return [counts.grown(each).get(KEY, 0) for each in ticks]


def cause(kind: CauseKind, minute: int = 0, *, certain: bool = True) -> Cause:
    at = NOON + timedelta(minutes=minute)
    return Cause(kind, "why", (), "", "9000", "mnist", "1.0", at, certain=certain)


def with_health(status: ModelStatus, health: WorkerHealth) -> ModelStatus:
    """It with its workers in that state."""
    return replace(
        status,
        workers=tuple(
            replace(each, verdict=replace(each.verdict, health=health)) for each in status.workers
        ),
    )


def test_what_was_before_the_first_look_is_not_counted() -> None:
    assert grown((3,), (3,), (5,)) == [0, 0, 2]


def test_a_worker_that_is_new_counts_from_its_creation() -> None:
    assert grown((0,), (0, 2)) == [0, 2]


def test_workers_that_are_removed_take_nothing_with_them() -> None:
    assert grown((0, 4), (0, 5), (0,), (1,)) == [0, 1, 0, 1]


def test_deaths_that_the_logs_only_now_show_are_older() -> None:
    counts = RestartCounts()
    counts.grown(tick(0, with_health(model(restarts=(0,)), WorkerHealth.UNKNOWN)))
    assert counts.grown(tick(5, model(restarts=(7,)))) == {}
    assert counts.grown(tick(10, model(restarts=(8,)))) == {KEY: 1}


def test_a_model_that_could_not_be_read_at_first_adds_nothing_when_it_can() -> None:
    unread = replace(model(restarts=()), verdict=ModelVerdict(ModelHealth.UNREAD, "no answer"))
    counts = RestartCounts()
    counts.grown(tick(0, unread))
    assert counts.grown(tick(5, model(restarts=(4,)))) == {}


def test_a_model_that_cannot_be_read_for_a_while_loses_nothing() -> None:
    unread = replace(model(restarts=()), verdict=ModelVerdict(ModelHealth.UNREAD, "no answer"))
    counts = RestartCounts()
    counts.grown(tick(0, model(restarts=(1,))))
    counts.grown(tick(5, unread))
    assert counts.grown(tick(10, model(restarts=(4,)))) == {KEY: 3}


def test_a_server_that_is_away_shows_no_restarts() -> None:
    counts = RestartCounts()
    counts.grown(tick(0, model(restarts=(0,))))
    assert counts.grown(tick(5, model(restarts=(9,)), state=ServerState.AWAY)) == {}


def test_a_death_has_the_cause_that_is_found_for_it() -> None:
    deaths = DeathCounts()
    deaths.observe(model(), 0, 0.0)
    deaths.observe(replace(model(), cause=cause(CauseKind.OUT_OF_MEMORY)), 1, 5.0)
    assert deaths.by_cause[KEY] == {CauseKind.UNKNOWN: 0, CauseKind.OUT_OF_MEMORY: 1}


def test_it_is_waited_for_a_better_cause() -> None:
    silent = replace(model(), cause=cause(CauseKind.DIED_SILENTLY))
    deaths = DeathCounts()
    deaths.observe(model(), 0, 0.0)
    deaths.observe(silent, 1, 5.0)
    assert deaths.by_cause[KEY].total() == 0
    deaths.observe(replace(model(), cause=cause(CauseKind.MISSING_MODULE)), 0, 10.0)
    assert deaths.by_cause[KEY][CauseKind.MISSING_MODULE] == 1

    again = replace(model(), cause=cause(CauseKind.DIED_SILENTLY, 1))
    deaths.observe(again, 1, 15.0)
    deaths.observe(again, 0, 15.0 + SETTLE_S)
    assert deaths.by_cause[KEY][CauseKind.DIED_SILENTLY] == 1


def test_a_cause_of_before_is_not_that_of_another_death() -> None:
    old = replace(model(), cause=cause(CauseKind.CRASHED))
    deaths = DeathCounts()
    deaths.observe(old, 0, 0.0)
    deaths.observe(old, 2, 5.0)
    assert deaths.by_cause[KEY].total() == 0
    deaths.observe(old, 0, 5.0 + SETTLE_S)
    assert deaths.by_cause[KEY] == {CauseKind.UNKNOWN: 2}


def test_a_request_that_failed_is_no_death() -> None:
    failed = replace(cause(CauseKind.HANDLER_RAISED), fatal=False)
    deaths = DeathCounts()
    deaths.observe(model(), 0, 0.0)
    deaths.observe(replace(model(), cause=failed), 1, 5.0)
    deaths.observe(replace(model(), cause=failed), 0, 5.0 + SETTLE_S)
    assert deaths.by_cause[KEY] == {CauseKind.UNKNOWN: 1}
