"""The verdict on one worker."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as replace_struct

from tests.unit.telemetry.health import worlds
from tests.unit.telemetry.health.worlds import at, log_time, model, worker, worker_state
from tsmon.telemetry.health.judge_worker import WorkerSeen, judge_worker, last_retry_s, max_retry_s
from tsmon.telemetry.health.server_signs import ServerSigns
from tsmon.telemetry.health.verdicts import WorkerHealth, WorkerVerdict
from tsmon.telemetry.logs.worker_events import Phase
from tsmon.telemetry.logs.worker_states import Death, DeathReason, WorkerState
from tsmon.torchserve.records import ModelVersion, Worker

DEAD = worker(ready=False)
OLD = ServerSigns("0.5.3")
DEATH = Death(log_time(0), DeathReason.ENDED, loading=False)


def test_ready_worker_is_ready() -> None:
    verdict = _watched((0, worker(pid=412)))
    assert (verdict.health, verdict.evidence) == (WorkerHealth.READY, "pid 412")


def test_worker_whose_process_is_gone_is_not_ready_whatever_describe_says() -> None:
    verdict = judge_worker(model(), worker(pid=412), WorkerSeen.first(worker(), 0), 1, ended=True)
    assert verdict.health is WorkerHealth.ENDED
    assert verdict.evidence == "process 412 is gone, no log shows why"


def test_worker_that_was_never_ready_is_starting_until_its_time_out() -> None:
    new = worker(ready=False, pid=None)
    assert _watched((0, new), (30, new)).health is WorkerHealth.STARTING
    assert "not ready for 30 s, time-out 120 s" in _watched((0, new), (30, new)).evidence
    late = _watched((0, new), (131, new))
    assert (late.health, late.inferred) == (WorkerHealth.RETRYING, True)


def test_worker_is_not_called_starting_while_its_log_is_searched_for_its_past() -> None:
    search, new = "searching ts_log.log back: 16 of 59 MiB", WorkerSeen.first(DEAD, 0)
    half_known = worker_state(Phase.STOPPED, deaths=1, last_death=DEATH)
    early = judge_worker(
        model(), DEAD, new, 3, state=half_known, log_now=log_time(0), search=search
    )
    assert (early.health, early.evidence) == (WorkerHealth.UNKNOWN, search)

    failed = judge_worker(model(), DEAD, new, 131, search=search)
    assert failed.health is WorkerHealth.RETRYING  # which describe shows as well


def test_worker_that_was_ready_before_is_retrying() -> None:
    verdict = _watched((0, worker()), (10, DEAD), (14, DEAD))
    assert verdict.health is WorkerHealth.RETRYING
    assert verdict.evidence == "not ready for 4 s, was ready before (inferred: its process ended)"


@pytest.mark.parametrize(
    ("hours", "seconds", "health"),
    [
        (0, 60, WorkerHealth.STARTING),
        (2, 60, WorkerHealth.STARTING),  # the server's zone may be another
        (0, 131, WorkerHealth.RETRYING),
        (-7, 400, WorkerHealth.RETRYING),
        (0, -20, WorkerHealth.STARTING),  # its clock may be ahead
    ],
)
def test_worker_made_longer_ago_than_a_load_may_take_has_failed(
    hours: float, seconds: float, health: WorkerHealth
) -> None:
    made = log_time(-seconds - hours * 3600)
    old = replace_struct(DEAD, start_time=f"{made.isoformat()}Z")
    verdict = judge_worker(model(old), old, WorkerSeen.first(old, 0), 0, log_now=log_time(0))
    assert (verdict.health, verdict.inferred) == (health, True)


@pytest.mark.parametrize("start", ["", "yesterday", "2026-11-22T99:00:00Z", "9999-12-31T23:59:59Z"])
def test_start_time_that_makes_no_sense_shows_nothing(start: str) -> None:
    odd = replace_struct(DEAD, start_time=start)
    verdict = judge_worker(model(odd), odd, WorkerSeen.first(odd, 0), 0, log_now=log_time(0))
    assert verdict.health in (WorkerHealth.STARTING, WorkerHealth.RETRYING)


def test_worker_that_ping_speaks_of_is_given_up() -> None:
    before = WorkerSeen.first(DEAD, 0)
    verdict = judge_worker(model(DEAD), DEAD, before, 0, is_suspect=True)
    assert (verdict.health, verdict.inferred) == (WorkerHealth.GIVEN_UP, True)
    assert "/ping says Unhealthy: it has failed for 5 min or more" in verdict.evidence


def test_ready_of_an_old_server_is_believed_when_its_load_must_have_ended() -> None:
    young = judge_worker(model(), worker(pid=7), WorkerSeen.first(worker(), 0), 130, signs=OLD)
    assert (young.health, young.inferred) == (WorkerHealth.READY, True)
    assert "READY shows a running process, not a loaded model" in young.evidence
    old = judge_worker(model(), worker(pid=7), WorkerSeen.first(worker(), 0), 131, signs=OLD)
    assert (old.health, old.evidence, old.inferred) == (WorkerHealth.READY, "pid 7", False)
    reborn = WorkerSeen.first(worker(pid=6), 0).then(worker(pid=7), 3)
    failed = judge_worker(model(), worker(pid=7), reborn, 5, signs=OLD)
    assert (failed.health, failed.restarts) == (WorkerHealth.RETRYING, 1)


def test_ready_of_an_old_server_is_what_its_log_says() -> None:
    for phase, health in (
        (Phase.STARTED, WorkerHealth.STARTING),
        (Phase.LOADED, WorkerHealth.READY),
    ):
        state = worker_state(phase, launched=log_time(0))
        before = WorkerSeen.first(worker(), 0)
        verdict = judge_worker(
            model(), worker(), before, 1, state=state, log_now=log_time(1), signs=OLD
        )
        assert (verdict.health, verdict.inferred) == (health, False)


def test_worker_without_a_status_is_not_judged() -> None:
    strange = replace_struct(DEAD, status="")
    verdict = judge_worker(model(strange), strange, WorkerSeen.first(strange, 0), 0)
    assert verdict.health is WorkerHealth.UNKNOWN


def test_new_pid_of_the_same_worker_is_a_restart() -> None:
    verdict = _watched((0, worker(pid=1)), (5, worker(ready=False, pid=1)), (9, worker(pid=2)))
    assert (verdict.health, verdict.restarts) == (WorkerHealth.READY, 1)
    assert verdict.evidence == "pid 2, restarted once"


def test_pid_that_becomes_known_is_no_restart() -> None:
    assert _watched((0, worker(ready=False, pid=None)), (5, worker(pid=7))).restarts == 0


def test_worker_not_ready_for_longer_than_all_retries_is_given_up() -> None:
    last = last_retry_s(300) + 130
    assert _watched((0, DEAD), (last, DEAD)).health is WorkerHealth.RETRYING
    verdict = _watched((0, DEAD), (last + 1, DEAD))
    assert (verdict.health, verdict.inferred) == (WorkerHealth.GIVEN_UP, True)
    assert "TorchServe tries for 5 min (inferred: no log)" in verdict.evidence


def test_last_retry_may_begin_after_the_retries_have_ended() -> None:
    assert last_retry_s(300) == 376  # 1+1+2+3+5+8+13+21+34+55+89 = 232 s, and then 144 s
    assert last_retry_s(1) == 1
    assert last_retry_s(1e9) == 1e9


def test_time_of_retries_is_the_models_own() -> None:
    assert max_retry_s(model()) == 300
    assert max_retry_s(replace(model(), raw={"maxRetryTimeoutInSec": 20})) == 20


def test_countdown_comes_from_the_log() -> None:
    dead = worker_state(Phase.STOPPED, retry_due=log_time(8), deaths=2, last_death=DEATH)
    verdict = _logged(dead, now=5)
    assert (verdict.health, verdict.retry_in_s) == (WorkerHealth.RETRYING, 3.0)
    assert verdict.evidence == "died twice: its process ended; next attempt in 3 s"
    assert (verdict.restarts, verdict.inferred) == (2, False)


def test_given_up_is_told_by_the_log() -> None:
    dead = worker_state(
        Phase.STOPPED,
        since=log_time(376),
        recovering_since=log_time(0),
        deaths=13,
        last_death=DEATH,
    )
    verdict = _logged(dead, now=400)
    assert (verdict.health, verdict.inferred) == (WorkerHealth.GIVEN_UP, False)
    assert verdict.evidence.startswith(
        "died 13 times in 6.3 min, most recently because its process ended"
    )


def test_first_load_is_told_by_the_log() -> None:
    verdict = _logged(worker_state(Phase.STARTED, launched=log_time(0)), now=4)
    assert (verdict.health, verdict.inferred) == (WorkerHealth.STARTING, False)
    assert verdict.evidence == "loads the model for 4 s, time-out 120 s"


def test_worker_that_is_removed_is_stopping_even_if_describe_lags() -> None:
    gone = worker_state(Phase.SCALED_DOWN, stopping=True)
    assert _logged(gone, now=1, described=worker()).health is WorkerHealth.STOPPING


def test_ready_worker_of_a_stuck_model_is_stuck() -> None:
    verdict = judge_worker(
        model(worker()), worker(), WorkerSeen.first(worker(), 0.0), 0.0, idle_s=42.0
    )
    assert (verdict.health, verdict.evidence) == (
        WorkerHealth.STUCK,
        "counts as ready, but has answered nothing for 42 s",
    )


@given(
    worlds.models,
    worlds.workers,
    worlds.seen,
    st.floats(-1000, 1000),
    st.none() | worlds.worker_states,
    st.none() | st.floats(-1000, 1000).map(log_time),
    st.none() | st.floats(0, 1000),
)
def test_every_combination_gives_one_verdict(
    described: ModelVersion,
    one: Worker,
    before: WorkerSeen,
    now: float,
    told: WorkerState | None,
    log_now: datetime | None,
    idle_s: float | None,
) -> None:
    verdict = judge_worker(described, one, before, now, state=told, log_now=log_now, idle_s=idle_s)
    assert verdict.health in WorkerHealth
    assert verdict.evidence
    assert verdict.retry_in_s is None or verdict.health is WorkerHealth.RETRYING
    if told is None:
        assert ("inferred" in verdict.evidence) <= verdict.inferred
    if one.ready and not (told and told.stopping):
        assert verdict.health in (WorkerHealth.READY, WorkerHealth.STUCK)


@pytest.mark.parametrize("milder", [WorkerHealth.READY, WorkerHealth.STARTING])
def test_severity_grows(milder: WorkerHealth) -> None:
    assert milder.severity < WorkerHealth.RETRYING.severity < WorkerHealth.GIVEN_UP.severity


def _watched(*descriptions: tuple[float, Worker]) -> WorkerVerdict:
    """The verdict after these descriptions, without a log."""
    (first_at, first), *rest = descriptions
    before, now, last = WorkerSeen.first(first, at(first_at).monotonic), first_at, first
    for now, last in rest:
        before = before.then(last, at(now).monotonic)
    return judge_worker(model(last), last, before, at(now).monotonic)


def _logged(told: WorkerState, now: float, described: Worker = DEAD) -> WorkerVerdict:
    before = WorkerSeen.first(described, at(0).monotonic)
    return judge_worker(
        model(described), described, before, at(now).monotonic, state=told, log_now=log_time(now)
    )
