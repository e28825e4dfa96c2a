"""What is known of single requests."""

from __future__ import annotations

from pathlib import Path

from tests.unit.telemetry.log_page.lines import (
    OTHER,
    access,
    handled,
    printed,
    stamp,
    waited,
)
from tsmon.telemetry.log_page import requests
from tsmon.telemetry.log_page.requests import RequestBuffer, RequestFollower, SeenRequest


def read(*lines: bytes) -> RequestBuffer:
    book = RequestBuffer()
    book.read(lines)
    return book


def request(second: float, total: int, queue: float, backend: float, handler: float) -> list[bytes]:
    """All lines of one request that ended at a second, its doubles included."""
    took = handled(second - 0.001, handler, f"id-{second}")
    times = waited(second + 0.001, queue, backend)
    return [took, took, access(second, total_ms=total), times, times]


def test_the_lines_of_a_request_are_put_together() -> None:
    (seen,) = read(*request(1, 20, 5, 14, 12.5)).kept()
    assert (seen.model, seen.version, seen.worker) == ("mnist", "1.0", "9000")
    assert (seen.method, seen.path, seen.peer) == ("POST", "/predictions/mnist", "127.0.0.1:50048")
    assert (seen.total_ms, seen.queue_ms, seen.backend_ms, seen.handler_ms) == (20, 5, 14, 12.5)
    assert not seen.failed


def test_a_handlers_time_may_be_written_after_the_answer() -> None:
    lines = request(1, 20, 5, 14, 12.5)
    book = read(*lines[2:], handled(1.003, 12.5), *request(1.1, 30, 2, 28, 24.0))
    assert [seen.handler_ms for seen in book.kept()] == [24.0, 12.5]


def test_a_handlers_time_that_cannot_be_the_requests_is_nobodys() -> None:
    book = read(handled(0, 3.0), access(5), waited(5.001, 1, 2), handled(9, 1.0))
    assert book.kept()[0].handler_ms is None


def test_each_request_of_a_batch_took_the_handlers_whole_time() -> None:
    took = handled(1, 9.0, "a,b")
    ends = [access(1.001), waited(1.001, 0, 10), access(1.002), waited(1.002, 3, 10)]
    assert [seen.handler_ms for seen in read(took, *ends).kept()] == [9.0, 9.0]


def test_of_a_failed_request_the_backends_time_is_what_the_queue_leaves() -> None:
    times = waited(1, 2, 7).replace(b"Backend time", b"Inference time")
    (seen,) = read(access(1, 503), times).kept()
    assert seen.failed
    assert (seen.queue_ms, seen.backend_ms) == (2, 5)


def test_requests_that_reach_no_worker_are_named_by_their_path() -> None:
    thread = "epollEventLoopGroup-3-1"
    book = read(
        access(1, 404, thread=thread, what="POST /predictions/gone/2.0?secret=1"),
        access(1, 200, thread=thread, what="GET /models"),
        access(1, 200, what="GET /models/mnist?customized=true"),
        access(1, 200, what="GET /ping"),
        printed(1, "/not a request"),
    )
    (seen,) = book.kept()
    assert (seen.model, seen.version, seen.worker) == ("gone", "2.0", "")
    assert seen.path == "/predictions/gone/2.0"
    assert seen.queue_ms is None


def test_the_slowest_the_failed_and_the_latest_stay_the_newest_first() -> None:
    book = RequestBuffer()
    many = requests.LATEST + requests.SLOWEST + 10
    for number in range(many):
        book.read([access(number / 100, 503 if number % 2 else 200, many - number)])
    totals = [seen.total_ms for seen in book.kept()]
    assert totals == sorted(totals), "here the newest are the quickest"
    assert totals[: requests.LATEST] == list(range(1, requests.LATEST + 1)), "quick, but the last"
    assert totals[-requests.SLOWEST :] == list(range(many - requests.SLOWEST + 1, many + 1))
    assert book.count == many
    assert book.failed_count == book.count // 2
    assert all(map(is_failed, book.kept(failed=True)))
    assert len(book.kept(failed=True)) == requests.FAILED


def is_failed(seen: SeenRequest) -> bool:
    return seen.failed


def test_a_worker_of_another_model_keeps_its_own_times() -> None:
    book = read(
        access(1, what="POST /predictions/mnist"),
        access(1, what="POST /predictions/cifar", thread=OTHER),
        waited(1, 5, 6, thread=OTHER),
        waited(1, 1, 2),
    )
    assert {seen.model: seen.queue_ms for seen in book.kept()} == {"mnist": 1, "cifar": 5}


def test_without_ts_log_the_access_log_tells_less(tmp_path: Path) -> None:
    line = f'{stamp(1)} - /127.0.0.1:5 "PUT /predictions/mnist HTTP/1.1" 200 7\n'
    (tmp_path / "access_log.log").write_text(line)
    feed = RequestFollower(tmp_path)
    assert feed.read()
    assert not feed.read()
    assert not feed.has_workers
    assert [seen.total_ms for seen in feed.buffer.kept()] == [7]
    feed.close()


def test_where_ts_log_has_no_answers_as_before_0_5_1_they_are_those_of_access_log(
    tmp_path: Path,
) -> None:
    (tmp_path / "ts_log.log").write_text(
        "2026-11-30 17:37:55,899 [DEBUG] W-9000-paged_1.0 org.pytorch.serve.job.Job - "
        "Waiting time ns: 441159, Backend time ns: 17950053\n"
    )
    (tmp_path / "access_log.log").write_text(
        '2026-11-30 17:37:55,889 - /127.0.0.1:53114 "POST /predictions/paged HTTP/1.1" 200 20\n'
        '2026-11-30 17:37:55,985 - /127.0.0.1:53114 "POST /predictions/paged HTTP/1.1" 503 6\n'
    )
    feed = RequestFollower(tmp_path)
    feed.read()
    assert [(seen.status, seen.total_ms) for seen in feed.buffer.kept()] == [(503, 6), (200, 20)]
    assert not feed.has_workers
    feed.close()


def test_it_says_why_there_is_nothing(tmp_path: Path) -> None:
    assert "neither ts_log.log nor access_log.log" in RequestFollower(tmp_path).problem
