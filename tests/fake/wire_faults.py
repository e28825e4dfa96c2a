"""Faults of connections and of HTTP itself, by name."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from functools import cache

import httpx

from tests.fake.fault_server import Answering, Fault, Talk, answer_bytes, head_bytes

MIB = 1 << 20
BETWEEN_BYTES_S = 0.3
"""Shorter than any time-out between two reads, so that only a deadline ends it."""
PROXY_PAGE = "<html><head><title>{0}</title></head><body><center>nginx</center></body></html>"
HTML = {"content-type": "text/html"}


async def _hang(talk: Talk) -> None:
    await talk.hang()


async def _reset(talk: Talk) -> None:
    talk.reset()


async def _say_other_protocol(talk: Talk) -> None:
    await talk.send(b"SSH-2.0-OpenSSH_9.6\r\n")
    await talk.hang()


async def _never_answer(talk: Talk, request: httpx.Request, response: httpx.Response) -> None:
    await talk.hang()


async def _close_silently(talk: Talk, request: httpx.Request, response: httpx.Response) -> None:
    talk.close()


async def _reset_in_head(talk: Talk, request: httpx.Request, response: httpx.Response) -> None:
    await talk.send(answer_bytes(response)[:20])
    talk.reset()


async def _reset_in_body(talk: Talk, request: httpx.Request, response: httpx.Response) -> None:
    await talk.send(head_bytes(response), response.content[:1])
    talk.reset()


async def _close_in_body(talk: Talk, request: httpx.Request, response: httpx.Response) -> None:
    await talk.send(head_bytes(response, len(response.content) + 10), response.content)


async def _hang_in_body(talk: Talk, request: httpx.Request, response: httpx.Response) -> None:
    await talk.send(head_bytes(response, len(response.content) + 10), response.content)
    await talk.hang()


async def _trickle_head(talk: Talk, request: httpx.Request, response: httpx.Response) -> None:
    await talk.trickle(answer_bytes(response), BETWEEN_BYTES_S)


async def _trickle_body(talk: Talk, request: httpx.Request, response: httpx.Response) -> None:
    await talk.send(head_bytes(response, len(response.content) + 10_000))
    await talk.trickle(b" " * 10_000, BETWEEN_BYTES_S)


async def _endless_body(talk: Talk, request: httpx.Request, response: httpx.Response) -> None:
    await talk.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while not await talk.is_healed(0):
        await talk.send(b"10000\r\n", b" " * 0x10000, b"\r\n")


async def _large_body(talk: Talk, request: httpx.Request, response: httpx.Response) -> None:
    await talk.send(head_bytes(response, 100 * MIB))
    for _ in range(100):
        await talk.send(b" " * MIB)


async def _gzip(talk: Talk, request: httpx.Request, response: httpx.Response) -> None:
    await _send_gzip(talk, response, gzip.compress(response.content))


async def _gzip_bomb(talk: Talk, request: httpx.Request, response: httpx.Response) -> None:
    await _send_gzip(talk, response, await asyncio.to_thread(_bomb, 500 * MIB))


async def _damaged_gzip(talk: Talk, request: httpx.Request, response: httpx.Response) -> None:
    await _send_gzip(talk, response, gzip.compress(response.content)[:10] + b"\xff" * 40)


async def _send_gzip(talk: Talk, response: httpx.Response, packed: bytes) -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    head = httpx.Response(response.status_code, headers=headers)
    await talk.send(head_bytes(head, len(packed)), packed)


@cache
def _bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    parts = [packer.compress(b" " * MIB) for _ in range(size // MIB)]
    return b"".join([*parts, packer.flush()])


async def _early_hints(talk: Talk, request: httpx.Request, response: httpx.Response) -> None:
    """Promise an answer for ever; each promise is well-formed."""
    while not await talk.is_healed(0.01):
        await talk.send(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n")


async def _huge_headers(talk: Talk, request: httpx.Request, response: httpx.Response) -> None:
    more = b"x-more: " + b"a" * MIB + b"\r\n\r\n"
    await talk.send(head_bytes(response)[:-2] + more, response.content)


async def _redirect_to_itself(talk: Talk, request: httpx.Request, response: httpx.Response) -> None:
    await talk.send(answer_bytes(httpx.Response(307, headers={"location": str(request.url)})))


async def _empty(talk: Talk, request: httpx.Request, response: httpx.Response) -> None:
    await talk.send(b"HTTP/1.1 204 No Content\r\n\r\n")


async def _part(talk: Talk, request: httpx.Request, response: httpx.Response) -> None:
    half = response.content[: len(response.content) // 2]
    headers = {"content-range": f"bytes 0-{len(half)}/{len(response.content)}"}
    await talk.send(answer_bytes(httpx.Response(206, content=half, headers=headers)))


async def _other_type(talk: Talk, request: httpx.Request, response: httpx.Response) -> None:
    changed = httpx.Response(response.status_code, content=response.content, headers=HTML)
    await talk.send(answer_bytes(changed))


async def _length_too_short(talk: Talk, request: httpx.Request, response: httpx.Response) -> None:
    await talk.send(head_bytes(response, 1), response.content)


def _raw(*parts: bytes) -> Answering:
    """Send this, whatever the fake answers."""

    async def answer(talk: Talk, request: httpx.Request, response: httpx.Response) -> None:
        await talk.send(*parts)

    return answer


def page(status: int, title: str) -> Answering:
    """What a proxy in front of a server answers for it."""
    return _raw(answer_bytes(httpx.Response(status, text=PROXY_PAGE.format(title), headers=HTML)))


def _said(status: int, **headers: str) -> Answering:
    return _raw(answer_bytes(httpx.Response(status, headers=headers)))


_FAILED = httpx.Response(
    500, json={"code": 500, "type": "InternalServerException", "message": "out of order"}
)

WIRE_FAULTS: dict[str, Fault] = {
    # The connection.
    "refused": Fault(listening="refused"),
    "accept and hang": Fault(accepted=_hang),
    "reset at connect": Fault(accepted=_reset),
    "backlog full": Fault(listening="backlog full"),
    "IPv6 only": Fault(listening="IPv6 only"),
    "never answered": Fault(_never_answer),
    "half-open": Fault(_never_answer, breaks=False),
    "closed without an answer": Fault(_close_silently),
    "reset in head": Fault(_reset_in_head),
    "reset in body": Fault(_reset_in_body),
    "closed in body": Fault(_close_in_body),
    "stuck in body": Fault(_hang_in_body),
    "slow head": Fault(_trickle_head),
    "slow body": Fault(_trickle_body),
    "certificate expired": Fault(listening="expired"),
    "certificate of another host": Fault(listening="other host"),
    "certificate self-signed": Fault(listening="self-signed"),
    "plain on https": Fault(listening="plain"),
    # The answer.
    "500": Fault(_raw(answer_bytes(_FAILED))),
    "502": Fault(page(502, "502 Bad Gateway")),
    "503": Fault(page(503, "503 Service Temporarily Unavailable")),
    "504": Fault(page(504, "504 Gateway Time-out")),
    "401": Fault(page(401, "401 Authorization Required")),
    "404": Fault(page(404, "404 Not Found")),
    "429": Fault(page(429, "429 Too Many Requests")),
    "redirect": Fault(_said(302, location="https://login.example/?next=%2Fmodels")),
    "redirect loop": Fault(_redirect_to_itself),
    "204": Fault(_empty),
    "206": Fault(_part),
    "wrong content type": Fault(_other_type),
    "gzip": Fault(_gzip),
    "gzip bomb": Fault(_gzip_bomb),
    "damaged gzip": Fault(_damaged_gzip),
    "endless body": Fault(_endless_body),
    "100 MB body": Fault(_large_body),
    "chunked garbage": Fault(
        _raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nno chunk\r\n")
    ),
    "content-length too short": Fault(_length_too_short),
    "two content-lengths": Fault(
        _raw(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}")
    ),
    "invalid header": Fault(_raw(b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n{}")),
    "huge headers": Fault(_huge_headers),
    "endless early hints": Fault(_early_hints),
    "no HTTP": Fault(_raw(b"-ERR unknown command\r\n")),
    "another protocol": Fault(accepted=_say_other_protocol),
}
"""Those of one port alone are made with `dataclasses.replace`."""
