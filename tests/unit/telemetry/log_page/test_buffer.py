"""The lines that are kept, and how tracebacks are folded."""

from __future__ import annotations

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


def test_the_oldest_lines_go_when_there_are_too_many() -> None:
    book = LogBuffer(capacity=100)
    for second in range(250):
        book.add(lines(printed(second, str(second))))
        assert len(book.lines) <= 100
    assert book.count == 250
    assert book.lines[-1].text == "249"
    assert [line.number for line in book.lines] == list(range(book.first, 250))
