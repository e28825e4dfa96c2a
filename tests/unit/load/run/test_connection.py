"""Answers as they come over a connection: whole or in pieces, alike or not."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.load.run import connection
from tsmon.load.run.connection import Chunked, HttpConnection
from tsmon.load.run.heads import KnownHeads

Heard = tuple[int, bytes, bool]


@dataclass
class Listener:
    """Keeps what it hears."""

    heard: list[Heard] = field(default_factory=list)
    broken_by: list[str] = field(default_factory=list)
    chunks: list[int] = field(default_factory=list)
    """Of each answer that came in some."""

    def streamed(self, chunked: Chunked) -> None:
        assert chunked.first_at <= chunked.last_at
        self.chunks.append(chunked.chunks)

    def answered(self, status: int, body: bytes, reusable: bool) -> None:
        self.heard.append((status, body, reusable))

    def broken(self, reason: str) -> None:
        self.broken_by.append(reason)


def _answer(
    body: bytes,
    *,
    request_id: str | None = "a",
    chunked: bool = False,
    status: int = 200,
    close: bool = False,
) -> bytes:
    lines = [f"HTTP/1.1 {status} ", "content-type: application/json"]
    if request_id is not None:
        lines.append(f"x-request-id: {request_id}")
    lines.append("transfer-encoding: chunked" if chunked else f"content-length: {len(body)}")
    lines.append(f"connection: {'close' if close else 'keep-alive'}")
    framed = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if chunked else body
    return "\r\n".join([*lines, "", ""]).encode() + framed


@st.composite
def answers(draw: st.DrawFn) -> tuple[list[bytes], Heard]:
    """An answer in pieces, and what is to be heard of it."""
    body = draw(st.binary(min_size=1, max_size=4))
    status = draw(st.sampled_from([200, 200, 200, 202, 503]))
    close = draw(st.integers(0, 5)) == 0
    request_id = draw(st.sampled_from([None, "a", "b", "long"]))
    chunked = draw(st.booleans())
    data = _answer(body, request_id=request_id, chunked=chunked, status=status, close=close)
    cuts = draw(st.lists(st.integers(1, len(data) - 1), max_size=2, unique=True))
    pieces = [data[a:b] for a, b in pairwise([0, *sorted(cuts), len(data)])]
    return pieces, (status, body, not close)


@given(st.lists(answers(), max_size=20))
def test_every_answer_is_heard_whole_and_once(
    given_answers: list[tuple[list[bytes], Heard]],
) -> None:
    heads = KnownHeads()
    for pieces, expected in given_answers:
        listener = Listener()  # a connection each, as some of them close theirs
        connection = HttpConnection(listener, heads)
        for piece in pieces:
            assert listener.heard == []
            connection.data_received(piece)
        assert listener.heard == [expected]


@given(st.lists(answers().filter(lambda answer: answer[1][2]), max_size=20))
def test_a_connection_hears_one_answer_after_the_other(
    given_answers: list[tuple[list[bytes], Heard]],
) -> None:
    listener = Listener()
    connection = HttpConnection(listener, KnownHeads())
    for pieces, _ in given_answers:
        for piece in pieces:
            connection.data_received(piece)
    assert listener.heard == [expected for _, expected in given_answers]
    assert listener.broken_by == []


def test_a_head_that_differs_only_by_its_id_is_known() -> None:
    heads = KnownHeads()
    heads.learn(_answer(b"7"), b"7")

    assert heads.body_in(_answer(b"8", request_id="b")) == b"8"
    assert heads.body_in(_answer(b"8", request_id="bb")) is None
    assert heads.body_in(_answer(b"8", status=202)) is None
    assert heads.body_in(_answer(b"8")[:-1]) is None
    assert heads.body_in(_answer(b"88")) is None


def test_an_answer_without_an_id_is_known_by_its_whole_head() -> None:
    heads = KnownHeads()
    heads.learn(_answer(b"7", request_id=None), b"7")

    assert heads.body_in(_answer(b"8", request_id=None)) == b"8"


def test_an_answer_in_chunks_is_never_known() -> None:
    heads = KnownHeads()
    data = _answer(b"7", chunked=True)
    heads.learn(data, b"7")

    assert heads.body_in(data) is None


def test_a_connection_that_ends_in_the_middle_of_an_answer_is_broken() -> None:
    listener = Listener()
    connection = HttpConnection(listener, KnownHeads())
    connection.data_received(_answer(b"7")[:-1])
    connection.connection_lost(None)

    assert listener.heard == []
    assert listener.broken_by == ["the server closed the connection"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (None, "the server closed the connection"),
        (ConnectionResetError(104, "Connection reset by peer"), "connection reset by peer"),
        (OSError("no words of the system"), "no words of the system"),
    ],
)
def test_a_lost_connection_is_put_into_words_without_numbers(
    error: OSError | None, words: str
) -> None:
    listener = Listener()
    HttpConnection(listener, KnownHeads()).connection_lost(error)

    assert listener.broken_by == [words]


def test_an_answer_without_an_end_breaks_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MOST_ANSWER_BYTES", 1000)
    listener = Listener()
    endless = HttpConnection(listener, KnownHeads())
    endless.data_received(b"HTTP/1.1 200 \r\ntransfer-encoding: chunked\r\n\r\n")
    for _ in range(10):
        endless.data_received(b"ff\r\n" + b"x" * 255 + b"\r\n")
    assert listener.heard == []
    (reason,) = listener.broken_by
    assert "the answer has more than" in reason


def test_the_limit_is_that_of_one_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MOST_ANSWER_BYTES", 1000)
    listener = Listener()
    many = HttpConnection(listener, KnownHeads())
    for _ in range(20):
        many.data_received(_answer(b"7" * 200))
    assert len(listener.heard) == 20


@given(
    st.lists(st.binary(min_size=1, max_size=5), min_size=1, max_size=5),
    st.lists(st.integers(1, 200), max_size=6),
)
def test_chunks_are_counted_however_they_arrive(parts: list[bytes], cuts: list[int]) -> None:
    listener = Listener()
    reading = HttpConnection(listener, KnownHeads())
    framed = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    data = b"HTTP/1.1 200 \r\ntransfer-encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n"
    at = sorted({cut for cut in cuts if cut < len(data)})

    for _ in range(2):
        for begin, end in pairwise([0, *at, len(data)]):
            reading.data_received(data[begin:end])

    assert [body for _, body, _ in listener.heard] == [b"".join(parts)] * 2
    assert listener.chunks == [len(parts)] * 2
