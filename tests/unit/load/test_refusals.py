"""One 503, three causes."""

from __future__ import annotations

import pytest

from tsmon.load.refusals import Failure, capacity_cause, count_kinds, kind_of
from tsmon.torchserve.errors import TimedOut, Unreachable, api_error
from tsmon.torchserve.records import JobQueue, ModelVersion, Worker

READY = Worker("9000", "READY", 412, None, "")
LOADING = Worker("9000", "UNLOADING", None, None, "")


@pytest.mark.parametrize(
    ("code", "type_", "kind"),
    [
        (503, "ServiceUnavailableException", Failure.NO_CAPACITY),
        (503, "InternalServerException", Failure.HANDLER),
        (507, "InternalServerException", Failure.OUT_OF_MEMORY),
        (400, "BadRequestException", Failure.REFUSED),
        (404, "ModelNotFoundException", Failure.REFUSED),
    ],
)
def test_the_type_of_an_error_answer_tells_its_kind(code: int, type_: str, kind: Failure) -> None:
    assert kind_of(api_error(code, type_, "")) is kind


def test_no_answer_at_all_is_a_kind_of_its_own() -> None:
    assert kind_of(TimedOut("")) is Failure.TIMED_OUT
    assert kind_of(Unreachable("")) is Failure.UNREACHABLE


def test_describe_tells_a_missing_worker_from_a_full_queue() -> None:
    assert "no worker" in capacity_cause(ModelVersion("m", "1.0"))
    assert "is ready" in capacity_cause(ModelVersion("m", "1.0", workers=(LOADING,)))
    busy = ModelVersion("m", "1.0", workers=(READY,), queue=JobQueue(100, 0))
    assert "queue of 100 was full" in capacity_cause(busy)


def test_kinds_are_counted_the_most_frequent_first() -> None:
    kinds = [Failure.HANDLER, None, Failure.TIMED_OUT, Failure.HANDLER]

    assert count_kinds(kinds) == "2 handler error, 1 timed out"
