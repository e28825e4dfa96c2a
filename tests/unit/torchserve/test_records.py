"""Records are read from whatever JSON comes, or refused as no TorchServe's."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.torchserve.errors import NotTorchServe
from tsmon.torchserve.records import (
    JobQueue,
    ModelPage,
    parse_api_description,
    parse_page,
    parse_versions,
)

FIELDS = [
    *("modelName", "modelVersion", "minWorkers", "workers", "jobQueueStatus", "id", "pid"),
    *("models", "nextPageToken", "info", "paths", "title", "pendingRequests"),
]
DESCRIBED = {
    "maxWorkers": "max_workers",
    "batchSize": "batch_size",
    "maxBatchDelay": "max_batch_delay_ms",
    "responseTimeout": "response_timeout_s",
    "startupTimeout": "startup_timeout_s",
}
answers = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("TorchServe"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=6)
        | st.dictionaries(st.text(), inner, max_size=2)
    ),
    max_leaves=12,
)


@given(answers)
@pytest.mark.parametrize("parse", [parse_page, parse_versions, parse_api_description])
def test_any_json_is_read_or_refused(parse: Callable[[object], object], answer: Any) -> None:
    with contextlib.suppress(NotTorchServe):
        parse(answer)


def test_worker_whose_process_and_memory_are_unknown() -> None:
    (model,) = parse_versions([{"workers": [{"id": "9000", "pid": -1, "memoryUsage": 0}]}])
    (worker,) = model.workers
    assert (worker.pid, worker.memory_bytes, worker.ready) == (None, None, False)


def test_ready_workers_are_counted() -> None:
    workers = [{"id": str(n), "status": "READY" if n else "UNLOADING"} for n in range(3)]
    (model,) = parse_versions([{"workers": workers}])
    assert model.ready_workers == 2


@pytest.mark.parametrize(
    "absent", [{}, dict.fromkeys((*DESCRIBED, "deviceType", "jobQueueStatus"))]
)
def test_field_that_is_missing_or_null_is_not_known(absent: dict[str, None]) -> None:
    needed = {"modelName": "m", "modelVersion": "1.0", "minWorkers": 1}
    worker = {"id": "9000", "status": "READY"}
    nothing = (
        dict.fromkeys(("startTime", "pid", "memoryUsage", "gpu", "gpuUsage")) if absent else {}
    )
    (model,) = parse_versions([{**absent, **needed, "workers": [{**nothing, **worker}]}])
    assert [getattr(model, name) for name in DESCRIBED.values()] == [None] * len(DESCRIBED)
    (found,) = model.workers
    assert (found.pid, found.memory_bytes, found.gpu, found.start_time) == (None, None, None, "")
    assert (model.queue, bool(model.problem)) == (None, bool(absent))


def test_fields_without_which_there_is_no_verdict_are_named() -> None:
    named = ("modelName", "modelVersion")
    (model,) = parse_versions([{"workers": [{"id": "9000"}]}], "m")
    assert model.unread == ("workers[0].status", *named, "minWorkers")
    assert parse_versions([{"minWorkers": 1}], "m")[0].unread == ("workers", *named)


def test_field_that_is_new_changes_nothing() -> None:
    answer = {"modelName": "m", "modelVersion": "1", "minWorkers": 0, "workers": []}
    assert parse_versions([answer | {"novel": [1]}]) == parse_versions([answer])


def test_queue_capacity_is_what_waits_and_what_still_fits() -> None:
    assert JobQueue(pending=3, remaining=97).capacity == 100


def test_page_without_token_is_the_last() -> None:
    assert parse_page({"models": []}) == ModelPage((), None)


def test_description_of_another_api_is_refused() -> None:
    with pytest.raises(NotTorchServe):
        parse_api_description({"info": {"title": "Pet store", "version": "1"}, "paths": {}})
