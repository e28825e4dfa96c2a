"""Whether the layout of a log file is known, and what is said when it is not."""

from __future__ import annotations

import pytest

from tsmon.logs.layout import STRANGE_LINES, Layout

TS = b"2026-11-22T13:45:34,211 [INFO ] W-9000-echo_1.0 ACCESS_LOG - /127.0.0.1:1 x"
METRIC = b"2026-11-22T13:45:34,211 - Requests2XX.Count:1.0|#Level:Host|#hostname:vm,timestamp:1"
JSON = b'{"timestamp":"2026-11-22T13:45:34,211","level":"INFO","message":"a - b"}'
FRAME = b"\tat org.pytorch.serve.wlm.WorkerThread.run(WorkerThread.java:247) [model-server.jar:?]"


def lines(*each: bytes) -> bytes:
    return b"".join(line + b"\n" for line in each)


@pytest.mark.parametrize("line", [TS, METRIC])
def test_torchserves_own_layout_is_read_as_it_is(line: bytes) -> None:
    layout = Layout("ts_log.log")

    assert layout.usual(lines(FRAME, line)) == lines(FRAME, line)
    assert layout.known
    assert layout.problem == ""


@pytest.mark.parametrize("line", [TS, METRIC])
def test_stamps_with_a_space_are_read_like_those_with_a_t(line: bytes) -> None:
    spaced = line.replace(b"T13:45", b" 13:45")
    layout = Layout("ts_log.log")

    assert layout.usual(lines(spaced, FRAME, spaced)) == lines(line, FRAME, line)
    assert layout.usual(lines(FRAME)) == lines(FRAME)
    assert layout.usual(lines(spaced)) == lines(line)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (JSON, "its lines are JSON"),
        (b"<14>Nov 22 13:45:34 host ts[1]: " + TS, "something stands before the time"),
        (b"2026-11-22T13:45:34.2Z stdout F " + TS, "something stands before the time"),
        (b"13:45:34.211 INFO echo: answered", "not in the layout of TorchServe's own"),
        (b"org.apache.logging.log4j.core.impl.MutableLogEvent@42086a87", "not in the layout"),
    ],
)
def test_another_layout_is_said_in_one_line(line: bytes, words: str) -> None:
    layout = Layout("ts_log.log")
    layout.usual(lines(line))

    assert not layout.known
    assert layout.problem.startswith("ts_log.log is not read: ")
    assert words in layout.problem
    assert "\n" not in layout.problem


def test_a_long_stack_trace_is_no_other_layout_but_a_restart_with_one_is() -> None:
    layout = Layout("ts_log.log")
    layout.usual(lines(TS))
    layout.usual(lines(*[FRAME] * (STRANGE_LINES - 1)))
    assert layout.problem == ""

    layout.usual(lines(JSON))
    assert "JSON" in layout.problem

    layout.usual(lines(TS))
    assert layout.problem == ""


def test_an_empty_file_is_not_strange() -> None:
    layout = Layout("ts_log.log")
    layout.usual(b"")
    layout.usual(b"\n")

    assert (layout.known, layout.problem) == (False, "")
