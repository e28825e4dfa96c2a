"""What workers did over time, in steps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tsmon.telemetry.health.verdicts import (
    ModelHealth,
    ModelVerdict,
    WorkerHealth,
    WorkerVerdict,
)
from tsmon.telemetry.lanes import MOST_STEPS, MOST_WORKERS, Lanes, LaneStep
from tsmon.telemetry.snapshot import ModelKey, ModelStatus, WorkerStatus
from tsmon.telemetry.traffic import Missing, Traffic
from tsmon.torchserve.records import ModelVersion, Worker

HEALTHS = st.sampled_from(list(WorkerHealth))
STEPS = st.builds(LaneStep, HEALTHS, st.integers(0, 4).map(float), st.integers(0, 4), st.booleans())


def model(*workers: tuple[str, WorkerHealth, int], name: str = "mnist") -> ModelStatus:
    return ModelStatus(
        ModelVersion(name, "1.0"), True, Traffic.missing(Missing.NO_TRAFFIC),
        tuple(
            WorkerStatus(Worker(id_, "READY", pid, None, ""), WorkerVerdict(health, ""))
            for id_, health, pid in workers
        ),
        ModelVerdict(ModelHealth.READY, ""),
    )  # fmt: skip


@given(STEPS, STEPS, STEPS)
def test_steps_are_merged_in_any_order_and_the_worst_stays(
    one: LaneStep, two: LaneStep, three: LaneStep
) -> None:
    merged = one.merged(two).merged(three)
    assert merged == three.merged(one.merged(two))
    known = [step.health for step in (one, two, three) if step.health is not WorkerHealth.UNKNOWN]
    worst = max(known, key=lambda health: health.severity, default=WorkerHealth.UNKNOWN)
    assert merged.health is worst
    assert merged.restarted == (one.restarted or two.restarted or three.restarted)


@given(st.lists(st.floats(0, 10_000), max_size=50), st.floats(1, 10_000))
def test_each_tick_of_a_span_is_in_it_and_none_of_another(ticks: list[float], span: float) -> None:
    lanes = Lanes(span)
    for moment in sorted(ticks):
        lanes.add(moment, [model(("9000", WorkerHealth.READY, 1))])
    end = max(ticks, default=0.0)
    found = list(lanes.of("9000", end - span, end))
    assert bool(found) == bool(ticks)
    assert len(found) <= MOST_STEPS + 2
    assert all(end - span <= moment <= end for moment, _ in found)


def test_another_process_is_a_restart_and_a_gone_model_leaves_a_gap() -> None:
    lanes = Lanes(60.0)
    lanes.add(10.0, [model(("9000", WorkerHealth.READY, 1))])
    lanes.add(11.0, [model(("9000", WorkerHealth.READY, 2))])
    lanes.add(12.0, [])
    steps = [step.restarted for _, step in lanes.of("9000", 0.0, 60.0)]
    assert steps == [False, True]
    assert lanes.workers() == {ModelKey("mnist", "1.0"): ["9000"]}


def test_it_is_bounded_and_forgets() -> None:
    lanes = Lanes(60.0)
    many = [(str(9000 + n), WorkerHealth.READY, n) for n in range(MOST_WORKERS + 5)]
    lanes.add(0.0, [model(*many)])
    assert len(lanes.workers()[ModelKey("mnist", "1.0")]) == MOST_WORKERS
    lanes.forget_before(1.0)
    assert lanes.workers() == {}
