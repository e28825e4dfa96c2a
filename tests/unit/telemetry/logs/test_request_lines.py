"""What single lines of a real TorchServe 0.12 say of requests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.telemetry.logs.lines import (
    Answered,
    Doubles,
    Handled,
    Waited,
    WorkerThread,
    parse_request_line,
    worker_thread,
)

WORKER = WorkerThread("9003", "mnist", "1.0")
ANSWERED = (
    b"2026-11-22T13:45:34,211 [INFO ] W-9003-mnist_1.0 ACCESS_LOG - "
    b'/127.0.0.1:49344 "POST /predictions/mnist HTTP/1.1" 200 4'
)
WAITED = (
    b"2026-11-22T13:45:34,211 [DEBUG] W-9003-mnist_1.0 org.pytorch.serve.job.RestJob - "
    b"Waiting time ns: 131101, Backend time ns: 3663585"
)
HANDLED = (
    b"2026-11-22T13:45:34,216 [INFO ] W-9003-mnist_1.0-stdout "
    b"org.pytorch.serve.wlm.WorkerLifeCycle - result=[METRICS]HandlerTime.Milliseconds:1.76"
    b"|#ModelName:mnist,Level:Model|#type:GAUGE|#hostname:vm,1795355134,"
    b"1cca343b-dfa6-4e4f-a3b5-be71331cdc09, pattern=[METRICS]"
)


def test_an_access_line_of_a_worker_names_the_version_that_answered() -> None:
    assert parse_request_line(ANSWERED) == Answered(
        "2026-11-22T13:45:34,211", "mnist", "1.0", WORKER, 200, 4
    )


def test_a_503_without_a_worker_is_known_by_its_path() -> None:
    line = (
        b"2026-11-22T14:07:49,215 [INFO ] epollEventLoopGroup-3-1 ACCESS_LOG - "
        b'/127.0.0.1:35264 "POST /predictions/two%20words/2.0?x=1 HTTP/1.1" 503 2'
    )

    assert parse_request_line(line) == Answered(
        "2026-11-22T14:07:49,215", "two words", "2.0", None, 503, 2
    )


def test_a_line_of_access_log_has_neither_level_nor_thread() -> None:
    line = b'2026-11-22T14:07:49,215 - /127.0.0.1:1 "PUT /predictions/mnist HTTP/1.1" 200 7'

    answered = parse_request_line(line)

    assert isinstance(answered, Answered)
    assert (answered.model, answered.version, answered.milliseconds) == ("mnist", "", 7)


def test_waiting_and_backend_time_are_milliseconds() -> None:
    assert parse_request_line(WAITED) == Waited(
        "2026-11-22T13:45:34,211", WORKER, 0.131101, 3.663585, failed=False
    )


def test_handler_time_counts_every_request_of_its_batch() -> None:
    single = parse_request_line(HANDLED)
    batch = parse_request_line(HANDLED.replace(b"dc09,", b"dc09,9b1c,77aa,"))

    assert single == Handled("2026-11-22T13:45:34,216", WORKER, 1.76, 1)
    assert isinstance(batch, Handled)
    assert batch.requests == 3


@pytest.mark.parametrize(
    "request_line",
    [b"GET /metrics", b"GET /models/mnist/all", b"PUT /models/mnist?min_worker=1", b"GET /ping"],
)
def test_polls_and_management_are_left_out(request_line: bytes) -> None:
    line = ANSWERED.replace(b"POST /predictions/mnist", request_line)

    assert parse_request_line(line) is None


def test_a_models_name_may_have_dashes_and_underscores() -> None:
    assert worker_thread(b"W-9000-my-big_model_2.1-stdout") == WorkerThread(
        "9000", "my-big_model", "2.1"
    )
    assert worker_thread(b"epollEventLoopGroup-3-1") is None


def test_the_second_of_two_equal_neighbours_of_a_thread_is_a_double() -> None:
    doubles = Doubles()
    other = WAITED.replace(b"W-9003", b"W-9004")

    told = [doubles.is_second(line) for line in (WAITED, other, WAITED, other, WAITED)]

    assert told == [False, False, True, True, False]


@given(st.binary())
def test_no_line_can_break_the_parser(line: bytes) -> None:
    parse_request_line(line)
    parse_request_line(b"ACCESS_LOG - Waiting time ns: HandlerTime." + line)
    Doubles().is_second(line)
