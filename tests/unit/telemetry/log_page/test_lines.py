"""What is made of one line of a log."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.telemetry.log_page.lines import access, printed, served, stamp, waited
from tsmon.logs.lines import WorkerThread
from tsmon.telemetry.log_page.lines import Level, parse_line


def test_a_line_of_a_worker_is_taken_apart() -> None:
    line = parse_line(printed(3, "Torch worker started.", channel="stderr"))
    assert line.text == "Torch worker started."
    assert line.worker == WorkerThread("9000", "mnist", "1.0")
    assert line.stderr
    assert (line.level, line.logger) == (Level.INFO, "MODEL_LOG")
    assert line.time == datetime(2026, 11, 22, 12, 0, 3)
    assert not line.routine


def test_a_failed_request_is_as_grave_as_its_status() -> None:
    assert parse_line(access(1, 200)).level is Level.INFO
    assert parse_line(access(1, 404)).level is Level.WARN
    assert parse_line(access(1, 503)).level is Level.ERROR


def test_a_line_of_access_log_names_the_model_by_its_path() -> None:
    line = parse_line(f'{stamp(1)} - /127.0.0.1:5 "PUT /predictions/a%20b HTTP/1.1" 500 7'.encode())
    assert (line.named, line.level, line.worker) == ("a b", Level.ERROR, None)


def in_access_log(what: str) -> bytes:
    return f'{stamp(1)} - /127.0.0.1:5 "{what} HTTP/1.1" 200 7'.encode()


def test_what_comes_with_every_request_and_poll_is_routine() -> None:
    assert parse_line(waited(1, 2, 3)).routine
    assert parse_line(access(1, what="GET /models?limit=100")).routine
    assert parse_line(access(1, what="GET /metrics")).routine
    assert parse_line(access(1, 405, what="POST /models")).routine
    assert not parse_line(access(1, 405, what="POST /models?url=mnist.mar")).routine
    assert not parse_line(access(1, 503, what="GET /ping")).routine
    assert parse_line(access(1)).routine
    assert parse_line(access(1, 207, what="PUT /v2/models/mnist/infer")).routine
    assert not parse_line(access(1, 404)).routine
    assert not parse_line(access(1, 500)).routine
    assert not parse_line(access(1, what="PUT /models/mnist?min_worker=2")).routine
    assert not parse_line(in_access_log("POST /predictions/mnist")).routine
    assert parse_line(in_access_log("GET /metrics")).routine
    assert not parse_line(served(1, "Retry worker: 9000 in 1 seconds.")).routine


def test_what_would_spoil_the_screen_is_left_out_of_the_text_but_not_of_the_line() -> None:
    line = parse_line(printed(1, "\x1b[31mred\x1b[0m\ta\rb"))
    assert line.text == "red ab"
    assert "\x1b[31m" in line.raw


@given(st.binary(max_size=200))
def test_any_bytes_are_a_line_without_control_characters(raw: bytes) -> None:
    line = parse_line(raw)
    assert line.raw == raw.decode(errors="replace")
    assert all(character >= " " or character in "\n\t" for character in line.text)
