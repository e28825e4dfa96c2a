"""What a recording has of the log: the words of workers that failed."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from tsmon.telemetry.log_page.buffer import LogBuffer
from tsmon.telemetry.log_page.lines import parse_line
from tsmon.telemetry.log_page.sources import recorded_lines
from tsmon.telemetry.logs.causes import Cause
from tsmon.telemetry.logs.known_exceptions import CauseKind

CAUSE = Cause(
    kind=CauseKind.HANDLER_RAISED,
    message="ValueError: no",
    detail_lines=("Traceback (most recent call last):", "  File x", "ValueError: no"),
    hint="",
    worker_id="9003",
    model="mnist",
    version="1.0",
    time=datetime(2026, 11, 22, 12, 0, 1, 500_000),
)


def test_a_recorded_traceback_is_folded_as_one_of_a_file() -> None:
    book = LogBuffer()
    book.add(parse_line(line) for line in recorded_lines(CAUSE))
    head = book.lines[0]
    assert head.fold is not None
    assert head.fold.title == "ValueError: no"
    assert head.worker is not None
    assert head.worker.worker_id == "9003"
    assert head.time == CAUSE.time


def test_a_cause_without_words_or_worker_is_its_message() -> None:
    (line,) = recorded_lines(replace(CAUSE, detail_lines=(), worker_id=""))
    parsed = parse_line(line)
    assert (parsed.text, parsed.worker) == ("ValueError: no", None)
