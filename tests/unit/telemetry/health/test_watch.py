"""Verdicts from tick to tick."""

from __future__ import annotations

import dataclasses

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.telemetry.health import worlds
from tests.unit.telemetry.health.worlds import at, log_time, model, worker, worker_state
from tsmon.telemetry.health.verdicts import ModelHealth, ModelVerdict, WorkerHealth
from tsmon.telemetry.health.watch import Answers, HealthWatch
from tsmon.telemetry.logs.worker_events import Phase
from tsmon.telemetry.logs.worker_states import WorkerState
from tsmon.telemetry.roster import answers_of
from tsmon.telemetry.traffic import Missing, Traffic, Usage
from tsmon.torchserve.records import ModelVersion

KEY = ("mnist", "1.0")
BUSY = Answers(finished=True, usual_ms=8.0)
SILENT = Answers(finished=False, usual_ms=8.0)


def test_model_is_stuck_when_nothing_is_answered_for_too_long() -> None:
    watch, waiting = HealthWatch(), model(worker(), pending=5)
    assert _judge(watch, 0, waiting, BUSY).health is ModelHealth.READY
    for second in range(1, 16):
        assert _judge(watch, second, waiting, SILENT).health is ModelHealth.READY
    verdict = _judge(watch, 16, waiting, SILENT)
    assert verdict.health is ModelHealth.STUCK
    assert verdict.evidence == "5 requests queued, none answered for 16 s"
    assert verdict.workers[0][1].health is WorkerHealth.STUCK
    assert _judge(watch, 17, waiting, BUSY).health is ModelHealth.READY


def test_queue_that_falls_is_an_answer_even_if_no_good_one() -> None:
    watch = HealthWatch()
    for second in range(0, 60, 3):
        verdict = _judge(watch, second, model(worker(), pending=60 - second), SILENT)
        assert verdict.health is ModelHealth.READY


def test_time_before_the_queue_filled_does_not_count() -> None:
    watch = HealthWatch()
    for second in range(0, 100, 10):
        _judge(watch, second, model(worker()), SILENT)
    assert _judge(watch, 100, model(worker(), pending=1), SILENT).health is ModelHealth.READY


def test_outage_is_no_proof_that_nothing_was_answered() -> None:
    watch, waiting = HealthWatch(), model(worker(), pending=5)
    _judge(watch, 0, waiting, SILENT)
    assert _judge(watch, 300, waiting, SILENT).health is ModelHealth.READY


def test_restarts_are_counted_by_pid_until_the_worker_is_another() -> None:
    watch = HealthWatch()
    assert _judge(watch, 0, model(worker(pid=1))).restarts == 0
    assert _judge(watch, 1, model(worker(pid=2))).restarts == 1
    other = replace(worker(pid=3), start_time="2026-11-22T15:00")
    assert _judge(watch, 2, model(other)).restarts == 0


def test_model_that_left_is_forgotten() -> None:
    watch = HealthWatch()
    _judge(watch, 0, model(worker(pid=1)))
    assert watch.judge(at(1), []) == {}
    assert _judge(watch, 2, model(worker(pid=2))).restarts == 0


def test_countdown_is_that_of_this_machines_clock() -> None:
    dead = worker_state(Phase.STOPPED, retry_due=log_time(8), deaths=1)
    watch, described = HealthWatch(), model(worker(ready=False))
    verdict = watch.judge(at(3), [described], worker_states={"9000": dead})[KEY]
    assert verdict.health is ModelHealth.RETRYING
    assert verdict.workers[0][1].retry_in_s == 5.0


def test_life_of_another_models_worker_is_not_used() -> None:
    strange = worker_state(Phase.STOPPED, deaths=3)
    described = dataclasses.replace(model(worker(ready=False)), version="2.0")
    verdict = HealthWatch().judge(at(0), [described], worker_states={"9000": strange})[
        ("mnist", "2.0")
    ]
    assert (verdict.health, verdict.restarts) == (ModelHealth.STARTING, 0)


def test_answers_are_read_from_the_traffic() -> None:
    interval = Usage(1.0, 2.0, 2.0, 16_000.0, 100.0)
    assert answers_of(Traffic(interval, interval, interval, interval)) == Answers(True, 8.0)
    unanswered = Usage(1.0, 2.0, 2.0, 0.0, 0.0)
    assert answers_of(Traffic(unanswered, unanswered, unanswered, unanswered)) == Answers(
        False, None
    )
    assert answers_of(Traffic.missing(Missing.NO_COUNTERS)) == Answers(None, None)


@given(
    st.lists(
        st.tuples(
            st.floats(0, 100),
            st.lists(worlds.models, max_size=1),
            st.sampled_from([BUSY, SILENT, Answers()]),
            st.none() | worlds.worker_states,
            st.booleans(),
        ),
        max_size=8,
    )
)
def test_every_history_gives_one_verdict_per_model(
    ticks: list[tuple[float, list[ModelVersion], Answers, WorkerState | None, bool]],
) -> None:
    watch, now = HealthWatch(), 0.0
    for passed, described, answers, told, leaving in ticks:
        now += passed
        verdicts = watch.judge(
            at(now),
            described,
            answers={KEY: answers},
            worker_states={"9000": told} if told else None,
            unregistering={KEY} if leaving else (),
        )
        assert set(verdicts) == {(each.name, each.version) for each in described}
        for each, verdict in zip(described, verdicts.values(), strict=True):
            assert [key for key, _ in verdict.workers] == [one.id for one in each.workers]
            assert (verdict.health is ModelHealth.UNREGISTERING) == leaving


def _judge(
    watch: HealthWatch, second: float, described: ModelVersion, answers: Answers | None = None
) -> ModelVerdict:
    return watch.judge(at(second), [described], answers={KEY: answers or Answers()})[KEY]
