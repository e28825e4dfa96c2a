"""What a plan accepts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tsmon.digits.images import DigitImage
from tsmon.load.run.child import Job, job_line, read_job
from tsmon.load.run.plan import OPEN_CONCURRENCY, Endpoint, RunPlan
from tsmon.torchserve.errors import InvalidArgument

IMAGES = (DigitImage(Path("7.png"), "7"), DigitImage(Path("x.png"), None))


@pytest.mark.parametrize(
    "values",
    [
        {"count": 0},
        {"concurrency": 0},
        {"concurrency": 501},
        {"rate": 0.0},
        {"rate": float("inf")},
        {"duration_s": -1.0},
        {"duration_s": float("nan")},
        {"timeout_s": 0.0},
        {"poisson": True},
        {"payloads": ()},
    ],
)
def test_values_that_make_no_run_are_refused(values: dict[str, Any]) -> None:
    usual: dict[str, Any] = {"model": "mnist", "payloads": IMAGES}
    with pytest.raises(InvalidArgument):
        RunPlan(**(usual | values))


def test_an_open_loop_that_does_not_say_may_have_many_requests_under_way() -> None:
    assert RunPlan(model="m", payloads=IMAGES).connections == 1
    assert RunPlan(model="m", payloads=IMAGES, rate=5).connections == OPEN_CONCURRENCY
    assert RunPlan(model="m", payloads=IMAGES, rate=5, concurrency=3).connections == 3


def test_a_job_arrives_in_the_sending_process_as_it_was_given() -> None:
    plan = RunPlan(model="m", payloads=IMAGES, version="2", rate=5.5, poisson=True, seed=3, count=9)
    endpoint = Endpoint(
        "https://host:1",
        "/behind",
        "Bearer abc",
        verify="ca.pem",
        client_cert="a.pem",
        headers={"X-Team": "blue"},
    )

    assert read_job(job_line(plan, endpoint)) == Job(plan, endpoint)
