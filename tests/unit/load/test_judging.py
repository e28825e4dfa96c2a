"""Runs and experiments held against conditions, in base units."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.load.experiment.results import measurement, result
from tsmon.conditions import OF_RUN, Condition, parse_condition
from tsmon.digits.images import DigitImage
from tsmon.load.judging import (
    Judgement,
    judge_experiment,
    judge_run,
    judgement_record,
)
from tsmon.load.refusals import Cause, Failure
from tsmon.load.run.histogram import Histogram
from tsmon.load.run.plan import RunPlan
from tsmon.load.run.report import Latency, RunReport

TIMES = Latency(count=80, mean=11.0, p50=10.0, p90=20.0, p95=30.0, p99=40.0, p999=45.0, max=50.0)


def report(**values: Any) -> RunReport:
    """A run of 100 requests in 4 s, of which 20 failed."""
    given: dict[str, Any] = {
        "plan": RunPlan(model="mnist", payloads=(DigitImage(Path("7.png")),)),
        "ending": None,
        "seconds": 4.0,
        "planned": 100,
        "sent": 100,
        "under_way": 0,
        "latency": TIMES,
        "right": {},
        "wrong": {},
        "unread": 0,
        "causes": {Cause(Failure.HANDLER, 503, "broken"): 20},
        "histogram": Histogram(),
    }
    return RunReport(**(given | values))


def condition(text: str) -> Condition:
    return parse_condition(text, OF_RUN)


@pytest.mark.parametrize(
    ("text", "value", "failed"),
    [
        ("p50 > 9.9 ms", 10.0, True),
        ("p90 > 20 ms", 20.0, False),
        ("p90 >= 20 ms", 20.0, True),
        ("p95 > 0.03 s", 30.0, False),
        ("p99 > 39 ms", 40.0, True),
        ("mean > 11.5 ms", 11.0, False),
        ("max > 49 ms", 50.0, True),
        ("errors > 19 %", 0.2, True),
        ("errors > 20 %", 0.2, False),
        ("errors > 4/s", 5.0, True),
        ("errors > 300/min", 5.0, False),
        ("rate < 21/s", 20.0, True),
        ("rate < 20/s", 20.0, False),
    ],
)
def test_each_figure_of_a_run_is_held_against_its_condition(
    text: str, value: float, failed: bool
) -> None:
    (judgement,) = judge_run(report(), [condition(text)])
    assert judgement.value == pytest.approx(value)
    assert judgement.failed is failed


def test_a_number_of_errors_is_a_count() -> None:
    counted = Condition("errors", ">", 19.0)
    (judgement,) = judge_run(report(), [counted])
    assert (judgement.value, judgement.failed) == (20, True)


@pytest.mark.parametrize("text", ["p95 > 1 s", "rate < 1/s", "errors > 100 %"])
def test_what_is_not_known_is_no_pass(text: str) -> None:
    nothing = report(latency=None, sent=0, causes={}, seconds=0.0)
    (judgement,) = judge_run(nothing, [condition(text)])
    assert judgement.value is None
    assert judgement.failed
    quantity = text.partition(" ")[0]
    assert str(judgement) == f"{quantity} is not known, for {condition(text)}"
    assert judgement_record(judgement) == {
        "condition": str(condition(text)),
        "value": None,
        "failed": True,
    }


def test_each_setting_of_an_experiment_is_judged_and_named() -> None:
    judged = judge_experiment(
        result(measurement(1, p95_ms=60.0), measurement(2)),
        [condition("p95 > 50 ms"), condition("errors > 1 %")],
    )
    assert [(each.where, each.value, each.failed) for each in judged] == [
        ("1 worker", 60.0, True),
        ("1 worker", 0.0, False),
        ("2 workers", 12.0, False),
        ("2 workers", 0.0, False),
    ]
    assert str(judged[0]) == "p95 > 50 ms at 1 worker: 60.0 ms"
    assert judgement_record(judged[0])["setting"] == "1 worker"


def test_batching_and_protocol_are_named_where_they_vary() -> None:
    judged = judge_experiment(
        result(measurement(batch_size=1), measurement(batch_size=8, protocol="grpc")),
        [condition("rate < 1/s")],
    )
    assert [each.where for each in judged] == [
        "1 worker, batch size 1, delay 100 ms",
        "1 worker, batch size 8, delay 100 ms, grpc",
    ]


def test_a_setting_whose_times_are_not_known_fails() -> None:
    unknown = measurement(p95_ms=None, answered=0, errors=80)
    p95, errors = judge_experiment(
        result(unknown), [condition("p95 > 1 s"), condition("errors > 99 %")]
    )
    assert (p95.failed, errors.failed) == (True, True)
    assert str(p95) == "p95 is not known at 1 worker, for p95 > 1 s"
    assert errors.value == 1.0


def test_without_a_setting_nothing_is_judged() -> None:
    judged: tuple[Judgement, ...] = judge_experiment(result(), [condition("p95 > 1 s")])
    assert judged == ()
