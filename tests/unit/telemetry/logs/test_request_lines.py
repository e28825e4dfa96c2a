"""What single lines of a real TorchServe 0.12 say of requests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.logs.lines import Doubles, WorkerNames, WorkerThread, worker_thread
from tsmon.telemetry.logs.request_lines import ONLY_MODEL, RequestLines, named_by
from tsmon.telemetry.logs.request_report import Samples, TimesKey, times_keys

MNIST = TimesKey("mnist", "1.0")
ANSWERED = (
    b"2026-11-22T13:45:34,211 [INFO ] W-9003-mnist_1.0 ACCESS_LOG - "
    b'/127.0.0.1:49344 "POST /predictions/mnist HTTP/1.1" 200 4'
)
REFUSED = (
    b"2026-11-22T14:07:49,215 [INFO ] epollEventLoopGroup-3-1 ACCESS_LOG - "
    b'/127.0.0.1:35264 "POST /predictions/two%20words/2.0?x=1 HTTP/1.1" 503 2'
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


def read_by(reader: RequestLines, *lines: bytes) -> dict[TimesKey, Samples]:
    found: dict[TimesKey, Samples] = {}
    reader.read(b"".join(line + b"\n" for line in lines), found)
    return found


def read(*lines: bytes) -> dict[TimesKey, Samples]:
    return read_by(RequestLines(), *lines)


def test_an_access_line_of_a_worker_names_the_version_that_answered() -> None:
    found = read(ANSWERED)

    assert list(found) == [MNIST]
    assert found[MNIST].total.tolist() == [4]
    assert found[MNIST].statuses == {200: 1}


def test_the_time_a_worker_was_busy_is_told_of_that_worker() -> None:
    other = WAITED.replace(b"W-9003", b"W-9004")

    samples = read(WAITED, WAITED, other)[MNIST]

    assert {worker: list(times) for worker, times in samples.workers.items()} == {
        "9003": [3663585],
        "9004": [3663585],
    }


def test_a_503_without_a_worker_is_known_by_its_path() -> None:
    found = read(REFUSED)

    samples = found[TimesKey("two words", "2.0")]
    assert samples.statuses == {503: 1}
    assert not samples.total


def test_an_error_of_a_worker_is_no_time_of_an_answer() -> None:
    failed = ANSWERED.replace(b" 200 4", b" 503 4")

    samples = read(failed, WAITED.replace(b"Backend time", b"Inference time"))[MNIST]

    assert samples.statuses == {503: 1}
    assert not samples.total
    assert not samples.queue


def test_a_line_of_access_log_has_neither_level_nor_thread() -> None:
    line = b'2026-11-22T14:07:49,215 - /127.0.0.1:1 "PUT /predictions/mnist HTTP/1.1" 200 7'

    assert read(line)[TimesKey("mnist", "")].total.tolist() == [7]


def test_a_worker_may_be_asked_at_any_path_of_the_inference_api() -> None:
    line = ANSWERED.replace(b"/predictions/mnist", b"/v1/models/mnist:predict")

    assert read(line)[MNIST].total.tolist() == [4]


def test_waiting_and_backend_time_are_read_once_from_their_two_lines() -> None:
    samples = read(WAITED, WAITED)[MNIST]

    assert (samples.queue.tolist(), samples.backend.tolist()) == ([131101], [3663585])


def test_handler_time_counts_every_request_of_its_batch() -> None:
    batch = HANDLED.replace(b"dc09,", b"dc09,9b1c,77aa,")

    assert read(HANDLED, HANDLED)[MNIST].handler.tolist() == [1.76]
    assert read(batch, batch)[MNIST].handler.tolist() == [1.76] * 3


def test_each_batch_has_its_size_and_its_time() -> None:
    predicted = HANDLED.replace(b"HandlerTime.Milliseconds:1.76", b"PredictionTime.Milliseconds:2")
    batch = predicted.replace(b"dc09,", b"dc09,9b1c,77aa,")

    samples = read(HANDLED, HANDLED, predicted, predicted, batch, batch)[MNIST]

    assert {size: times.tolist() for size, times in samples.batches.items()} == {1: [2.0], 3: [2.0]}
    assert samples.handler.tolist() == [1.76]


def test_doubles_of_several_workers_may_stand_between_each_other() -> None:
    second = HANDLED.replace(b"W-9003", b"W-9004")

    samples = read(HANDLED, second, HANDLED, second)[MNIST]

    assert samples.handler.tolist() == [1.76, 1.76]


def test_doubles_may_come_with_two_readings() -> None:
    lines = RequestLines()

    assert MNIST in read_by(lines, HANDLED, WAITED)
    assert read_by(lines, HANDLED, WAITED) == {}


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/predictions/echo", ("echo", "")),
        ("/predictions/echo/2_0/more/of/it?x=1", ("echo", "2_0")),
        ("/explanations/two%20words/1.0", ("two words", "1.0")),
        ("/v1/models/echo:predict", ("echo", "")),
        ("/v1/models/echo:explain", ("echo", "")),
        ("/v2/models/echo/infer", ("echo", "")),
        ("/v2/models/echo/versions/2_0/infer", ("echo", "2_0")),
        ("/models/echo/invoke", ("echo", "")),
        ("/invocations?model_name=two+words", ("two words", "")),
        ("/invocations", ONLY_MODEL),
        ("/echo/predict", ("echo", "")),
        ("/echo/2_0/predict", ("echo", "2_0")),
        ("/predict", None),
        ("/v1/models/echo", None),
        ("/v2/models/echo/ready", None),
        ("/models/echo/2_0", None),
        ("/wfpredict/flow", None),
    ],
)
def test_a_request_counts_for_the_model_that_its_path_names(
    path: str, named: tuple[str, str] | None
) -> None:
    line = f'2026-11-22T14:07:49,215 - /127.0.0.1:1 "POST {path} HTTP/1.1" 200 7'.encode()

    assert named_by(path.encode()) == named
    assert list(read(line)) == ([] if named is None else [TimesKey(*named)])


@pytest.mark.parametrize(
    "request_line",
    [
        *(b"GET /metrics", b"GET /models/mnist/all", b"GET /models/mnist?customized=true"),
        *(b"PUT /models/mnist?min_worker=1", b"GET /ping", b"GET /predictions/"),
    ],
)
def test_polls_and_management_are_left_out(request_line: bytes) -> None:
    by_server = REFUSED.replace(b"POST /predictions/two%20words/2.0?x=1", request_line)

    assert read(by_server) == {}


@pytest.mark.parametrize(
    "what",
    [
        b"GET /models/mnist?customized=true",
        b"POST /models?url=mnist.mar&synchronous=true",
        b"PUT /models/mnist?min_worker=2&synchronous=true",
        b"GET /ping",
    ],
)
def test_what_a_worker_answers_besides_predictions_is_no_request_to_its_model(what: bytes) -> None:
    assert read(ANSWERED.replace(b"POST /predictions/mnist", what)) == {}


def test_what_a_handler_prints_is_not_taken_for_a_line_of_the_servers() -> None:
    printed = b"2026-11-22T13:45:34,211 [INFO ] W-9003-mnist_1.0-stdout MODEL_LOG - "

    assert read(printed + ANSWERED, printed + WAITED, printed + HANDLED) == {}


def test_a_models_name_may_have_dashes_underscores_and_spaces() -> None:
    assert worker_thread(b"W-9000-my-big_model_2.1-stdout") == WorkerThread(
        "9000", "my-big_model", "2.1"
    )
    assert worker_thread(b"epollEventLoopGroup-3-1") is None
    assert list(read(ANSWERED.replace(b"-mnist_", b"-two words_"))) == [
        TimesKey("two words", "1.0")
    ]


@pytest.mark.parametrize(
    "version",
    [
        ("echo", "2_0"),
        ("my_big-model.v2", "1.0_rc_1"),
        ("a-b", "1.0"),
        ("under_", "3"),
        ("x", "_1"),
    ],
)
def test_names_of_workers_come_from_what_is_registered(version: tuple[str, str]) -> None:
    read_off = worker_thread("W-9000-{}_{}".format(*version).encode())
    names = WorkerNames([("other", "1.0"), version])

    assert read_off is not None
    assert read_off.is_of(*version)
    assert names.of(read_off) == WorkerThread("9000", *version)
    assert TimesKey(read_off.model, read_off.version) in times_keys(version, names)


def test_a_name_that_fits_two_versions_is_of_neither() -> None:
    read_off = worker_thread(b"W-9000-echo_2_0")
    names = WorkerNames([("echo", "2_0"), ("echo_2", "0")])

    assert read_off is not None
    assert names.of(read_off) == read_off
    assert times_keys(("echo", "2_0"), names) == times_keys(("echo_2", "0"), names) == []


def test_a_version_is_counted_once_however_its_requests_name_it() -> None:
    names = WorkerNames([("mnist", "1.0"), ("echo", "2_0")])

    assert times_keys(("mnist", "1.0"), names) == [MNIST]
    assert times_keys(("echo", "2_0"), names) == [TimesKey("echo_2", "0"), TimesKey("echo", "2_0")]


def test_the_second_of_two_equal_neighbours_of_a_thread_is_a_double() -> None:
    doubles = Doubles()
    threads = [b"a", b"b", b"a", b"b", b"a"]

    told = [doubles.is_second(thread, b"the same") for thread in threads]

    assert told == [False, False, True, True, False]


@given(
    st.sampled_from([b"", ANSWERED, WAITED, HANDLED]),
    st.integers(0, 400),
    st.binary() | st.integers().map(lambda number: b"%d" % number),
)
def test_no_line_can_break_the_reader(line: bytes, place: int, noise: bytes) -> None:
    read(line[:place] + noise + line[place:], noise + line[place:])
