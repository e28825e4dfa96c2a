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


def test_version_without_any_field_has_defaults_and_no_queue() -> None:
    (model,) = parse_versions([{}])
    assert (model.name, model.batch_size, model.workers, model.queue) == ("", 1, (), None)


def test_queue_capacity_is_what_waits_and_what_still_fits() -> None:
    assert JobQueue(pending=3, remaining=97).capacity == 100


def test_page_without_token_is_the_last() -> None:
    assert parse_page({"models": []}) == ModelPage((), None)


def test_description_of_another_api_is_refused() -> None:
    with pytest.raises(NotTorchServe):
        parse_api_description({"info": {"title": "Pet store", "version": "1"}, "paths": {}})
