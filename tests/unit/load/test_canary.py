"""Which of two versions does better."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tsmon.digits.images import DigitImage
from tsmon.load.answers import Answer
from tsmon.load.canary import LEAST_REQUESTS, better, disagreements_first
from tsmon.load.comparison import Pair
from tsmon.telemetry.health.verdicts import ModelHealth, ModelVerdict
from tsmon.telemetry.logs.percentiles import Percentiles
from tsmon.telemetry.logs.request_report import RequestPhase, RequestReport
from tsmon.telemetry.snapshot import ModelStatus
from tsmon.telemetry.traffic import Missing, Traffic
from tsmon.torchserve.records import ModelVersion


def version(p95: float, statuses: Mapping[int, int]) -> ModelStatus:
    found = Percentiles(sum(statuses.values()), p95, p95, p95, p95)
    report = RequestReport(
        {RequestPhase.INFERENCE: found}, {}, statuses, minute_statuses=dict(statuses)
    )
    return ModelStatus(
        ModelVersion("mnist", "1.0"), True, Traffic.missing(Missing.NO_TRAFFIC), (),
        ModelVerdict(ModelHealth.READY, ""), report,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        (version(10, {200: 50}), version(10.5, {200: 50}), []),
        (version(10, {200: 50}), version(20, {200: 50}), [(True, "answers sooner")]),
        (version(10, {200: 25, 500: 25}), version(10, {200: 50}), [(False, "fails less")]),
        (
            version(5, {200: 25, 500: 25}), version(10, {200: 50}),
            [(False, "fails less"), (True, "answers sooner")],
        ),
    ],
)  # fmt: skip
def test_it_is_said_in_what_one_is_better(
    first: ModelStatus, second: ModelStatus, found: list[tuple[bool, str]]
) -> None:
    judged = better(first, second)
    assert judged is not None
    assert [(each.first, each.why.partition(":")[0]) for each in judged] == found


def test_a_slow_tail_alone_makes_no_version_slower() -> None:
    usual, tail = version(10, {200: 50}), version(10, {200: 50})
    assert tail.requests is not None
    slow = {RequestPhase.INFERENCE: Percentiles(50, 10, 10, 90, 99)}
    tail = replace(tail, requests=replace(tail.requests, minute=slow))
    assert better(usual, tail) == []


def test_of_too_few_requests_nothing_is_said() -> None:
    enough, few = version(1, {200: LEAST_REQUESTS}), version(9, {200: LEAST_REQUESTS - 1})
    assert better(enough, few) is None
    assert better(few, enough) is None


@given(st.lists(st.sampled_from(["same", "differ", "failed"]), max_size=30))
def test_disagreements_come_before_failures_and_those_before_the_rest(kinds: list[str]) -> None:
    image = DigitImage(Path("a"), None)
    answers = {"same": "1", "differ": "2", "failed": None}
    pairs = [Pair(Answer(image, "1"), Answer(image, answers[kind])) for kind in kinds]
    ordered = [kinds[number - 1] for number, _ in disagreements_first(pairs)]
    assert ordered == sorted(kinds, key=["differ", "failed", "same"].index)
