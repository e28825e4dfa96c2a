"""Finds where a server's APIs are by what one of its ports says that it serves.

Of a server elsewhere often one port alone is named. TorchServe's own order of ports is a guess
then: KServe's images serve two APIs at one port, and the port may be that of any of the three.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tsmon.torchserve.addresses import METRICS_PORT, Addresses, Base
from tsmon.torchserve.errors import InvalidArgument, TorchServeError
from tsmon.torchserve.management import Management

if TYPE_CHECKING:
    from tsmon.torchserve.connection import Connection

_INFERENCE, _MANAGEMENT, _METRICS = "/ping", "/models", "/metrics"


async def actual_addresses(
    guess: Addresses, connect: Callable[[str], Connection]
) -> Addresses | None:
    """The addresses of a server whose port is the management address of `guess`.

    None while that port does not say what it serves. `connect` makes a connection without keys.
    """
    paths = await _paths(guess.management, connect)
    base = Base.parse(guess.management)
    if not paths or base.port is None:
        return None
    named, port = guess.management, base.port
    if _MANAGEMENT in paths and _INFERENCE in paths:
        candidates = (guess.metrics, base.url(METRICS_PORT))
        found = [url for url in candidates if _METRICS in await _paths(url, connect)]
        return Addresses(named, named, (*found, named)[0])
    try:
        if _INFERENCE in paths:
            return Addresses(named, base.url(port + 1), base.url(port + 2))
        if _MANAGEMENT not in paths and _METRICS in paths:
            return Addresses(base.url(port - 2), base.url(port - 1), named)
    except InvalidArgument:  # there is no port beside it
        return None
    return guess


async def _paths(url: str, connect: Callable[[str], Connection]) -> frozenset[str]:
    """What a port serves; nothing where it does not say."""
    connection = connect(url)
    try:
        return frozenset((await Management(connection).api_description()).paths)
    except TorchServeError:
        return frozenset()
    finally:
        await connection.close(0.0)
