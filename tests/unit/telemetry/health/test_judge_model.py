"""The verdict on one model version."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.telemetry.health import worlds
from tests.unit.telemetry.health.worlds import model, worker
from tsmon.telemetry.health.judge_model import is_stuck, judge_model, stuck_after_s
from tsmon.telemetry.health.verdicts import ModelHealth, ModelVerdict, WorkerHealth, WorkerVerdict
from tsmon.torchserve.records import ModelVersion

R, S, T, G = (
    WorkerHealth.READY,
    WorkerHealth.STARTING,
    WorkerHealth.RETRYING,
    WorkerHealth.GIVEN_UP,
)


@pytest.mark.parametrize(
    ("workers", "health", "evidence"),
    [
        ([R, R], ModelHealth.READY, "2 of 2 ready"),
        ([R, S], ModelHealth.STARTING, "1 of 2 ready, 1 starting"),
        ([R, T], ModelHealth.DEGRADED, "1 of 2 ready, 1 retrying"),
        ([R, G, S], ModelHealth.DEGRADED, "1 of 3 ready, 1 starting, 1 given up"),
        ([S], ModelHealth.STARTING, "because"),
        ([T], ModelHealth.RETRYING, "because"),
        ([S, T], ModelHealth.RETRYING, "0 of 2 ready, 1 starting, 1 retrying; because"),
        ([G], ModelHealth.GIVEN_UP, "because"),
        ([T, G], ModelHealth.GIVEN_UP, "0 of 2 ready, 1 retrying, 1 given up; because"),
        ([R, WorkerHealth.STOPPING], ModelHealth.READY, "1 of 2 ready"),
        ([WorkerHealth.STOPPING], ModelHealth.NO_WORKERS, "1 worker stopping, none stays"),
        ([], ModelHealth.NO_WORKERS, "scaled to 0: requests are refused"),
    ],
)
def test_workers_decide(workers: list[WorkerHealth], health: ModelHealth, evidence: str) -> None:
    verdict = _judged(workers, min_workers=0)
    assert (verdict.health, verdict.evidence) == (health, evidence)


@pytest.mark.parametrize(
    ("workers", "statuses", "health", "evidence"),
    [
        ([R], {200: 85, 503: 15}, ModelHealth.FAILING, "15% of 100 requests in the last minute"),
        ([R], {200: 9_999, 500: 1}, ModelHealth.FAILING, "failed with 500"),
        ([R], {200: 85, 400: 15}, ModelHealth.READY, "1 of 1 ready"),
        ([R], {}, ModelHealth.READY, "1 of 1 ready"),
        ([R, T], {200: 9, 503: 1}, ModelHealth.DEGRADED, "1 retrying; 10% of 10 requests"),
        ([T], {503: 10}, ModelHealth.RETRYING, "because"),
        ([R, WorkerHealth.ENDED], {}, ModelHealth.DEGRADED, "1 of 2 ready, 1 process gone"),
        ([WorkerHealth.ENDED], {}, ModelHealth.RETRYING, "because"),
    ],
)
def test_errors_of_the_server_make_a_model_that_serves_failing(
    workers: list[WorkerHealth], statuses: dict[int, int], health: ModelHealth, evidence: str
) -> None:
    verdicts = [(str(n), WorkerVerdict(each, "because")) for n, each in enumerate(workers)]
    verdict = judge_model(model(worker()), verdicts, statuses=statuses)
    assert verdict.health is health
    assert evidence in verdict.evidence


def test_missing_workers_are_wanted() -> None:
    assert _judged([R], min_workers=2).evidence == "1 of 2 required workers are running"
    assert _judged([R], min_workers=2).health is ModelHealth.DEGRADED
    assert _judged([], min_workers=2).evidence == "none of 2 required workers is running"


@pytest.mark.parametrize(
    ("pending", "health"), [(79, ModelHealth.READY), (80, ModelHealth.OVERLOADED)]
)
def test_queue_that_is_nearly_full_is_too_much(pending: int, health: ModelHealth) -> None:
    verdict = judge_model(model(worker(), pending=pending), [("9000", WorkerVerdict(R, "is"))])
    assert verdict.health is health
    assert str(pending) in verdict.evidence


def test_stuck_model_says_for_how_long() -> None:
    verdict = judge_model(
        model(worker(), pending=90), [("9000", WorkerVerdict(WorkerHealth.STUCK, "is"))], idle_s=42
    )
    assert verdict.health is ModelHealth.STUCK
    assert verdict.evidence == "90 requests queued, none answered for 42 s"


def test_unregistering_explains_all_else() -> None:
    verdict = judge_model(model(), [("9000", WorkerVerdict(G, "is"))], unregistering=True)
    assert (verdict.health, verdict.evidence) == (
        ModelHealth.UNREGISTERING,
        "is being removed, 1 worker left",
    )


def test_patience_follows_what_answers_usually_take() -> None:
    assert stuck_after_s(120) == 60
    assert stuck_after_s(120, usual_ms=8) == 15
    assert stuck_after_s(120, usual_ms=2000) == 40
    assert stuck_after_s(120, usual_ms=60_000) == 125
    assert stuck_after_s(20) == 25
    assert stuck_after_s(0, usual_ms=60_000) == 1200


def test_only_a_model_with_waiting_requests_and_ready_workers_is_stuck() -> None:
    assert is_stuck(model(worker(), pending=1), 61)
    assert not is_stuck(model(worker(), pending=1), 60)
    assert not is_stuck(model(worker(), pending=0), 61)
    assert not is_stuck(model(worker(ready=False), pending=1), 61)


@given(
    worlds.models,
    st.lists(worlds.verdicts, max_size=4),
    st.none() | st.floats(0, 1000),
    st.booleans(),
)
def test_most_severe_of_all_findings_wins(
    described: ModelVersion,
    workers: list[WorkerVerdict],
    idle_s: float | None,
    unregistering: bool,
) -> None:
    pairs = [(str(9000 + number), verdict) for number, verdict in enumerate(workers)]
    verdict = judge_model(described, pairs, idle_s=idle_s, unregistering=unregistering)
    assert verdict.evidence
    assert verdict.workers == tuple(pairs)
    alone = [
        judge_model(described, pairs).health,
        judge_model(described, pairs, idle_s=idle_s).health,
        judge_model(described, pairs, unregistering=unregistering).health,
    ]
    assert verdict.health.severity == max(health.severity for health in alone)


@given(st.lists(st.sampled_from([R, S, T, G]), min_size=1, max_size=4))
def test_another_failed_worker_never_makes_a_model_look_better(
    workers: list[WorkerHealth],
) -> None:
    for worse in (T, G):
        before, after = _judged(workers), _judged([*workers, worse])
        assert after.health.severity >= before.health.severity


def _judged(workers: list[WorkerHealth], min_workers: int = 0) -> ModelVerdict:
    pairs = [
        (str(9000 + number), WorkerVerdict(health, "because"))
        for number, health in enumerate(workers)
    ]
    return judge_model(ModelVersion("mnist", "1.0", min_workers=min_workers), pairs)
