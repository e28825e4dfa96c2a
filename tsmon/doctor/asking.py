"""Asks the server everything the checks need, all at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from tsmon.doctor.facts import Api, ExaminedServer, KeyFileFacts
from tsmon.telemetry.live import LiveSource
from tsmon.torchserve.connection import Connection
from tsmon.torchserve.errors import TokenRefused, TorchServeError
from tsmon.torchserve.management import Management
from tsmon.torchserve.tokens import KeyKind, KeyRing

if TYPE_CHECKING:
    from tsmon.torchserve.client import TorchServe
    from tsmon.torchserve.records import ApiDescription

T = TypeVar("T")

Connect = Callable[[str], Connection]
"""Makes a connection without keys to a base URL."""


async def ask_server(client: TorchServe, connect: Connect) -> ExaminedServer:
    """What the server says; parts it refuses carry the error."""
    await client.settle()
    addresses = client.addresses
    urls = {api: str(getattr(addresses, api.value)) for api in Api}
    answers, wants_token, ping, observation = await asyncio.gather(
        asyncio.gather(*(_describe(connect, url) for url in urls.values())),
        _wants_token(connect, addresses.management),
        _outcome(client.inference.ping()),
        LiveSource(client).observe(None),
    )
    return ExaminedServer(
        addresses,
        dict(zip(urls, answers, strict=True)),
        observation,
        ping,
        wants_token,
        key_file_facts(client.keys),
    )


def key_file_facts(ring: KeyRing) -> KeyFileFacts:
    """What is to be said of the key file, never the keys."""
    if ring.path is None:
        return KeyFileFacts()
    ring.reload(force=True)
    keys = {kind: key for kind in KeyKind if (key := ring.key(kind))}
    problem = ring.problem.message if ring.problem else ""
    try:
        stat = ring.path.stat()
    except OSError:
        return KeyFileFacts(ring.path, problem)
    expires = {kind: key.expires for kind, key in keys.items()}
    return KeyFileFacts(ring.path, problem, stat.st_mode & 0o777, stat.st_mtime, expires)


async def _describe(connect: Connect, url: str) -> ApiDescription | TorchServeError:
    connection = connect(url)
    try:
        return await _outcome(Management(connection).api_description())
    finally:
        await connection.close()


async def _wants_token(connect: Connect, url: str) -> bool | None:
    connection = connect(url)
    try:
        await Management(connection).page(limit=1)
    except TokenRefused:
        return True
    except TorchServeError:
        return None
    finally:
        await connection.close()
    return False


async def _outcome(work: Awaitable[T]) -> T | TorchServeError:
    try:
        return await work
    except TorchServeError as error:
        return error
