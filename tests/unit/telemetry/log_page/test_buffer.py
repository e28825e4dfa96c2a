"""The lines that are kept, and how tracebacks are folded."""

from __future__ import annotations

import gc
import tracemalloc

import pytest

from tests.unit.telemetry.log_page.lines import JAVA, OTHER, printed, served, traceback
from tests.unit.telemetry.logs.real_lines import model_lines
from tsmon.telemetry.log_page.buffer import LogBuffer
from tsmon.telemetry.log_page.lines import Level, LogLine, parse_line


def lines(*raw: bytes) -> list[LogLine]:
    return [parse_line(line) for line in raw]


def heads(book: LogBuffer) -> list[LogLine]:
    return [line for line in book.lines if line.is_head]


def test_a_traceback_is_one_fold_named_by_its_exception() -> None:
    book = LogBuffer()
    book.add(lines(*traceback(1), printed(2, "Backend received inference at: 1")))
    (head,) = heads(book)
    assert head.fold is not None
    assert head.fold.title == "KeyError: 'body'"
    assert len(head.fold.members) == 3
    assert head.level is Level.ERROR
    assert book.lines[0].fold is None
    assert book.lines[-1].fold is None


def test_tracebacks_of_two_workers_at_once_are_two_folds() -> None:
    book = LogBuffer()
    one, two = traceback(1), traceback(1, "ValueError: no", OTHER)
    book.add(lines(*(line for pair in zip(one, two, strict=True) for line in pair)))
    assert [head.fold and head.fold.title for head in heads(book)] == [
        "KeyError: 'body'",
        "ValueError: no",
    ]


def test_a_traceback_may_come_in_two_readings() -> None:
    book, raw = LogBuffer(), traceback(1)
    book.add(lines(*raw[:3]))
    book.add(lines(*raw[3:]))
    (head,) = heads(book)
    assert head.fold is not None
    assert head.fold.title == "KeyError: 'body'"


def test_a_chain_that_a_real_worker_printed_is_one_fold_named_by_its_root() -> None:
    book = LogBuffer()
    book.add(lines(*model_lines("crash_loop")))
    titles = {head.fold.title for head in heads(book) if head.fold}
    assert titles == {"ModuleNotFoundError: No module named 'absent_entry'"}


def test_a_java_stack_trace_belongs_to_the_line_before_it() -> None:
    book = LogBuffer()
    book.add(lines(served(1, "interrupted", level="DEBUG"), *JAVA, served(2, "then")))
    (head,) = heads(book)
    assert head.text == "interrupted"
    assert head.fold is not None
    assert head.fold.title == "java.lang.InterruptedException: null"
    assert [member.level for member in head.fold.members] == [Level.DEBUG] * 3


def test_lines_without_a_stamp_that_are_no_trace_stay_as_they_are() -> None:
    book = LogBuffer()
    book.add(lines(served(1, ""), b"Torchserve version: 0.12.0", b"", b"BrokenPipeError: no"))
    assert not heads(book)
    assert [line.raw for line in book.lines[1:]] == [
        "Torchserve version: 0.12.0",
        "",
        "BrokenPipeError: no",
    ]


@pytest.mark.parametrize("length", [1, 10_000])
def test_the_oldest_lines_go_when_they_take_too_many_bytes(length: int) -> None:
    book = LogBuffer(budget=200_000)
    for second in range(500):
        book.add(lines(printed(second, f"{second} {'x' * length}")))
        assert book.size == sum(line.size for line in book.lines) <= 200_000
    assert book.count == 500
    assert book.lines[-1].text.startswith("499 ")
    assert 1 < len(book.lines) < 500
    assert [line.number for line in book.lines] == list(range(book.first, 500))


def test_a_line_counts_what_it_takes() -> None:
    tracemalloc.start()
    try:
        kept = [parse_line(printed(second, f"{second} {'x' * 100}")) for second in range(1000)]
        gc.collect()
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken == pytest.approx(sum(line.size for line in kept), rel=0.2)
