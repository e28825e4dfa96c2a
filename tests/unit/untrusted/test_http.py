"""Whatever a server sends, a request ends within its bounds and the next one goes out."""

from __future__ import annotations

import asyncio
import itertools
import socket
import struct
import time
import tracemalloc
from contextlib import suppress

import httpx
import pytest

from tests.fake import bad_answers
from tests.fake.slow_server import (
    Answer,
    SlowServer,
    endless_body,
    saying,
    silent,
    slow_server,
    trickling_body,
    trickling_head,
)
from tsmon.untrusted.http import (
    DEADLINE_GRACE_S,
    AnswerTooLarge,
    BoundedClient,
    Bounds,
    Overdue,
    ask,
)

MIB = 2**20
BOUNDS = Bounds(timeout_s=0.3, most_bytes=MIB)
NEVER_ENDING = {
    "silent": (silent, httpx.ReadTimeout),
    "trickling head": (trickling_head(0.05), Overdue),
    "trickling body": (trickling_body(0.05), Overdue),
    "endless body": (endless_body, AnswerTooLarge),
}


@pytest.fixture(params=NEVER_ENDING)
def harmful(request: pytest.FixtureRequest) -> tuple[Answer, type[httpx.HTTPError]]:
    return NEVER_ENDING[request.param]


async def test_an_answer_without_an_end_ends_at_the_deadline(
    harmful: tuple[Answer, type[httpx.HTTPError]],
) -> None:
    answer, error = harmful
    async with slow_server(answer) as server:
        client = BoundedClient(verify=False, timeout=BOUNDS.timeout_s)
        started = time.monotonic()
        with pytest.raises(error):
            await client.send(client.build_request("GET", server.url), BOUNDS)
        assert time.monotonic() - started < BOUNDS.deadline_s + 1
        await client.close(0)


async def test_more_of_them_than_the_pool_has_slots_block_no_later_request(
    harmful: tuple[Answer, type[httpx.HTTPError]],
) -> None:
    answer, error = harmful
    limits = httpx.Limits(max_connections=1)
    async with slow_server(answer) as server:
        client = BoundedClient(verify=False, timeout=BOUNDS.timeout_s, limits=limits)
        for _ in range(3):
            with pytest.raises(error):
                await client.send(client.build_request("GET", server.url), BOUNDS)
        server.answer = saying(b"[]")
        answered = await client.send(client.build_request("GET", server.url), BOUNDS)
        assert answered.content == b"[]"
        await client.close(0)


async def test_a_request_cut_off_leaves_those_beside_it_alone() -> None:
    async with slow_server(trickling_head(0.05)) as server:
        client = BoundedClient(verify=False, timeout=5)
        cut = asyncio.create_task(client.send(client.build_request("GET", server.url), BOUNDS))
        await server.arrived.wait()
        released = asyncio.Event()

        async def later(writer: asyncio.StreamWriter) -> None:
            await released.wait()
            await saying(b"[]")(writer)

        server.answer = later
        patient = Bounds(timeout_s=5, most_bytes=MIB)
        beside = asyncio.create_task(client.send(client.build_request("GET", server.url), patient))
        with pytest.raises(Overdue):
            await cut
        released.set()
        assert (await beside).content == b"[]"
        await client.close(0)


async def test_the_deadline_counts_for_a_request_whose_caller_went_away() -> None:
    async with slow_server(trickling_head(0.05)) as server:
        client = BoundedClient(verify=False, timeout=0.3, limits=httpx.Limits(max_connections=1))
        caller = asyncio.create_task(client.send(client.build_request("GET", server.url), BOUNDS))
        await server.arrived.wait()
        caller.cancel()
        server.answer = saying(b"[]")
        patient = Bounds(timeout_s=BOUNDS.deadline_s + 2, most_bytes=MIB)
        while True:  # the slot of the first is lost until its deadline has passed
            try:
                request = client.build_request("GET", server.url)
                assert (await client.send(request, patient)).content == b"[]"
                break
            except httpx.PoolTimeout:
                continue
        await client.close(0)


async def test_a_bomb_is_unpacked_no_further_than_the_limit() -> None:
    transport = httpx.MockTransport(lambda _: bad_answers.gzip_bomb(256 * MIB))
    client = BoundedClient(verify=False, transport=transport)
    request = client.build_request("GET", "http://bomb")
    bad_answers.gzip_bomb(MIB)
    tracemalloc.start()
    try:
        with pytest.raises(AnswerTooLarge, match="more than 1 MiB"):
            await client.send(request, Bounds(5, MIB))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * MIB


async def test_an_honest_packed_answer_is_unpacked_once() -> None:
    transport = httpx.MockTransport(lambda _: bad_answers.gzipped(b'{"models": []}'))
    client = BoundedClient(verify=False, transport=transport)
    response = await client.send(client.build_request("GET", "http://packed"), BOUNDS)
    assert response.json() == {"models": []}
    assert "content-encoding" not in response.headers


@pytest.mark.parametrize(
    ("encoding", "content"), [("br", b"x"), ("gzip, gzip", b"x"), ("gzip", b"not gzip")]
)
async def test_what_cannot_be_unpacked_within_bounds_is_refused(
    encoding: str, content: bytes
) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        stream = httpx.ByteStream(content)
        return httpx.Response(200, stream=stream, headers={"content-encoding": encoding})

    client = BoundedClient(verify=False, transport=httpx.MockTransport(answer))
    with pytest.raises(httpx.DecodingError):
        await client.send(client.build_request("GET", "http://odd"), BOUNDS)


async def test_nothing_packed_is_asked_for() -> None:
    async with slow_server(saying(b"{}")) as server:
        client = BoundedClient(verify=False)
        request = client.build_request("GET", server.url)
        assert request.headers["accept-encoding"] == "identity"
        await client.close(0)


async def test_one_that_blocks_has_the_same_bounds() -> None:
    async with slow_server(trickling_head(0.05)) as server:
        started = time.monotonic()
        with pytest.raises(Overdue):
            await asyncio.to_thread(ask, server.url, BOUNDS)
        assert time.monotonic() - started < BOUNDS.timeout_s + DEADLINE_GRACE_S + 1
        server.answer = saying(b"{}")
        assert (await asyncio.to_thread(ask, server.url, BOUNDS)).content == b"{}"


async def test_a_header_of_other_letters_is_taken_as_it_is() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers=[(b"X-Name", b"a\x9bb")], content=b"{}")

    client = BoundedClient(transport=httpx.MockTransport(answer))
    response = await client.send(client.build_request("GET", "http://server/"), BOUNDS)
    assert response.headers["x-name"] == "a\x9bb"
    await client.close(0)


@pytest.mark.parametrize(("method", "asked"), [("GET", 3), ("POST", 2)])
async def test_a_kept_connection_that_breaks_under_a_request_fails_only_what_changes_something(
    method: str, asked: int
) -> None:
    answers = itertools.chain([_answer_once, _reset], itertools.repeat(_answer_once))
    heard = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal heard
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while await reader.readuntil(b"\r\n\r\n"):
                heard += 1
                next(answers)(writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    client = BoundedClient(verify=False, timeout=BOUNDS.timeout_s)
    try:
        await client.send(client.build_request("GET", url), BOUNDS)
        again = client.send(client.build_request(method, url), BOUNDS)
        if method == "GET":
            assert (await again).text == "{}"
        else:
            with pytest.raises(httpx.ReadError):
                await again
        assert heard == asked
    finally:
        await client.close(0)
        server.close()


def _answer_once(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")


def _reset(writer: asyncio.StreamWriter) -> None:
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


async def test_httpx_itself_loses_the_slot_of_a_request_that_is_cancelled_as_it_connects() -> None:
    """When this fails httpx has mended it, and `BoundedClient` need not retire pools any more."""
    async with slow_server(silent) as server:
        assert not all([await _leaves_a_slot(server, turns) for turns in range(30)])


async def _leaves_a_slot(server: SlowServer, turns: int) -> bool:
    """Whether the only slot of a pool is free after a request cancelled so many turns later."""
    server.answer = silent
    pool = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=1), trust_env=False)
    async with httpx.AsyncClient(transport=pool, timeout=httpx.Timeout(30, pool=0.3)) as client:
        first = asyncio.create_task(client.get(server.url))
        for _ in range(turns):
            await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait({first})
        server.answer = saying(b"{}")
        try:
            return (await client.get(server.url)).is_success
        except httpx.PoolTimeout:
            return False
