"""The metrics API: the Prometheus text of one scrape."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tsmon.torchserve.connection import Connection

SCRAPE_TIMEOUT_S = 2.0
MOST_SCRAPE_BYTES = 16 * 2**20
"""A series takes about 130 bytes, so that this is 100,000 of them, or 30,000 models."""


class Metrics:
    """The metrics API of one server; it never asks for a token."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def scrape(self) -> str:
        """The text of `/metrics`: empty when the server's metrics_mode is `log`, its default."""
        response = await self._connection.request(
            "GET", "/metrics", timeout_s=SCRAPE_TIMEOUT_S, most_bytes=MOST_SCRAPE_BYTES
        )
        # The format is UTF-8, whatever charset the answer claims.
        return response.content.decode(errors="replace")
