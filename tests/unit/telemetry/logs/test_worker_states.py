"""What lines of ts_log tell of workers, on lines of a real server."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.telemetry.logs.real_lines import server_lines
from tsmon.logs.lines import WorkerThread
from tsmon.telemetry.logs.worker_event_lines import WorkerEventLines
from tsmon.telemetry.logs.worker_events import (
    Answered,
    Asked,
    BackendError,
    Disconnected,
    HasPid,
    Launched,
    LoadFailed,
    LogEvent,
    ModelUnregistered,
    Phase,
    ProcessEnded,
    RecoveryBegan,
    RecoveryFailed,
    RecoverySucceeded,
    Removed,
    RetryDue,
    ServerStarted,
    StateChanged,
    Unanswered,
    VersionAdded,
    VersionRemoved,
)
from tsmon.telemetry.logs.worker_states import Death, DeathReason, WorkerState, WorkerStates

GOOD = WorkerThread("9000", "good", "1.0")
ANY_NAME = ["killed", "slow_load", "slow_request", "refused", "lost_words", "undone", "crash_loop"]


def test_killed_worker_is_told_event_by_event() -> None:
    told = [
        event
        for event in _events("killed")
        if getattr(event, "worker", GOOD) == GOOD and not isinstance(event, VersionAdded)
    ]
    death = next(number for number, event in enumerate(told) if isinstance(event, Disconnected))
    stopped, started, ready = (_time(f"14:05:{s}") for s in ("05.314", "17.518", "17.563"))
    assert told[death : death + 12] == [
        Disconnected(_time("14:05:05.311"), "9000", Phase.LOADED),
        ProcessEnded(_time("14:05:05.311"), GOOD),
        StateChanged(stopped, GOOD, Phase.LOADED, Phase.STOPPED),
        RecoveryBegan(stopped, GOOD),
        RetryDue(stopped, GOOD, 1),
        Launched(_time("14:05:06.320"), GOOD),
        HasPid(started, GOOD, 1698),
        StateChanged(started, GOOD, Phase.STOPPED, Phase.STARTED),
        Asked(_time("14:05:17.519"), GOOD, "LOAD"),
        Answered(ready, GOOD),
        StateChanged(ready, GOOD, Phase.STARTED, Phase.LOADED),
        RecoverySucceeded(ready, GOOD),
    ]


def test_scale_down_is_read_from_the_thread_of_the_request() -> None:
    changes = [
        (event.before, event.after)
        for event in _events("killed")
        if isinstance(event, StateChanged) and event.worker.worker_id == "9010"
    ]
    assert changes == [
        (None, Phase.STARTED),
        (Phase.STARTED, Phase.LOADED),
        (Phase.LOADED, Phase.SCALED_DOWN),
        (Phase.SCALED_DOWN, Phase.STOPPED),
    ]
    removed = [event.worker.worker_id for event in _events("killed") if isinstance(event, Removed)]
    assert removed == ["9010", "9000"]


def test_registration_and_unregistration_name_the_model() -> None:
    kinds = (VersionAdded, VersionRemoved, ModelUnregistered)
    assert [event for event in _events("killed") if isinstance(event, kinds)] == [
        VersionAdded(_time("14:04:23.623"), "good", "1.0"),
        VersionRemoved(_time("14:05:18.334"), "good", "1.0"),
        ModelUnregistered(_time("14:05:18.381"), "good"),
    ]


def test_exception_on_a_line_of_its_own_belongs_to_the_line_before() -> None:
    worker = WorkerThread("9004", "slowload", "1.0")
    kinds = (Unanswered, BackendError, LoadFailed)
    assert [event for event in _events("slow_load") if isinstance(event, kinds)] == [
        Unanswered(_time("14:09:21.898"), worker, 1),
        BackendError(_time("14:09:21.899"), worker, "Backend worker did not respond in given time"),
        LoadFailed(_time("14:09:21.901"), worker, "Worker died."),
        BackendError(_time("14:09:23.005"), worker, "Failed start worker process"),
    ]


def test_banner_begins_a_life_of_the_server() -> None:
    assert _events("banner") == [ServerStarted()]


def test_doubled_lines_give_one_event_however_they_are_cut() -> None:
    whole = server_lines("crash_loop")
    lines, events = WorkerEventLines(requests=True), []
    for line in whole:
        events += list(lines.read([line]))
    assert events == _events("crash_loop")
    assert sum(isinstance(event, RecoveryFailed) for event in events) == 2


def test_what_a_handler_prints_is_no_event() -> None:
    printed = (
        b"2026-11-22T14:05:05,314 [INFO ] W-9000-good_1.0-stdout MODEL_LOG"
        b" - W-9000-good_1.0 State change WORKER_MODEL_LOADED -> WORKER_STOPPED"
    )
    assert list(WorkerEventLines().read([printed])) == []


def test_killed_worker_counts_its_death_and_is_loaded_again() -> None:
    states = _states_until("killed", "14:05:17,9")
    state = states["9000"]
    assert (state.phase, state.pid, state.deaths) == (Phase.LOADED, 1698, 1)
    assert state.last_death == Death(_time("14:05:05.314"), DeathReason.ENDED, loading=False)
    assert (state.retry_due, state.recovering_since) == (None, None)
    assert not state.given_up()


def test_retry_is_counted_down() -> None:
    state = _states_until("killed", "14:05:05,9")["9000"]
    assert state.retry_in_s(_time("14:05:05.814")) == 0.5
    assert state.retry_in_s(_time("14:05:09.000")) == 0.0
    assert _states_until("killed", "14:05:06,9")["9000"].retry_in_s(_time("14:05:07")) is None


def test_workers_that_are_removed_leave() -> None:
    assert set(_states_until("killed", "14:05:18,0")) == {"9000", "9010"}
    assert set(_states_until("killed", "14:05:18,320")) == {"9000"}
    assert not _states_until("killed", "14:06")


def test_worker_of_an_unregistered_model_does_not_die_of_its_last_retry() -> None:
    state = _states_until("slow_load", "14:09:23,008")["9004"]
    assert (state.stopping, state.deaths) == (True, 1)
    assert state.last_death
    assert state.last_death.reason is DeathReason.TIMED_OUT


def test_reasons_of_death_are_told_apart() -> None:
    reasons = {
        name: [state.last_death for state in _states_until(name, until).values()]
        for name, until in (("slow_request", "15"), ("refused", "14:09:20"), ("crash_loop", "15"))
    }
    assert [
        death and (death.reason, death.loading) for deaths in reasons.values() for death in deaths
    ] == [
        (DeathReason.TIMED_OUT, False),
        (DeathReason.REFUSED, True),
        (DeathReason.ENDED, True),
    ]


def test_crash_loop_counts_every_death_since_the_first() -> None:
    state = _states_until("crash_loop", "15")["9000"]
    assert state.deaths == 3
    assert state.recovering_since == _time("14:14:53.473")


def test_worker_that_died_after_the_retries_is_given_up() -> None:
    first = _time("14:00:00")
    state = WorkerState(GOOD, Phase.STOPPED, first + timedelta(seconds=300), recovering_since=first)
    assert state.given_up()
    assert not state.given_up(max_retry_s=301)


def test_worker_whose_retry_nobody_announces_is_given_up() -> None:
    """TorchServe 0.10, whose describe does not say that a model is retried for two seconds."""
    state = _states_until("gave_up", "15")["9000"]
    assert state.failed_again is not None
    assert not state.given_up(now=state.failed_again + timedelta(seconds=1))
    assert state.given_up(now=state.failed_again + timedelta(seconds=10))

    crashing = _states_until("crash_loop", "15")["9000"]
    assert not crashing.given_up(now=_time("15:00:00"))


def test_restart_of_the_server_forgets_its_workers() -> None:
    states = WorkerStates()
    states.read(server_lines("crash_loop"))
    assert states
    states.read(server_lines("banner"))
    assert not states


@given(st.lists(st.sampled_from([line for name in ANY_NAME for line in server_lines(name)])))
def test_lines_in_any_order_never_raise(lines: list[bytes]) -> None:
    states = WorkerStates()
    states.read(lines)
    for state in states.values():
        assert state.deaths >= (state.last_death is not None)
        assert not (state.given_up() and state.retry_due)


def _events(name: str) -> list[LogEvent]:
    return list(WorkerEventLines(requests=True).read(server_lines(name)))


def _states_until(name: str, stamp: str) -> WorkerStates:
    """The states after all lines up to that time of day."""
    states, last = WorkerStates(), f"2026-11-22T{stamp}".encode()
    kept = [line for line in server_lines(name) if not (line[:1] == b"2" and line > last)]
    states.read(kept)
    return states


def _time(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-22T{clock}")
