"""Events to a URL: JSON by POST, tried again a few times, to that URL and to no other."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx

from tsmon import __version__
from tsmon.notify.outlet import NotDelivered, Outlet
from tsmon.torchserve.route import certificates
from tsmon.untrusted.http import BoundedClient, Bounds
from tsmon.untrusted.secrets import without_path

if TYPE_CHECKING:
    from tsmon.notify.outlet import Report
    from tsmon.notify.records import Record

PAUSES_S = (1.0, 4.0, 15.0)
"""Before each further try."""
_BOUNDS = Bounds(timeout_s=10.0, most_bytes=64 * 1024)
_PASSING = (408, 425, 429)
"""Refusals that may be over soon, as all of 500 and above."""


class WebhookOutlet(Outlet):
    """Posts each event, one after the other."""

    def __init__(
        self,
        url: str,
        report: Report,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        pauses_s: tuple[float, ...] | None = None,
    ) -> None:
        """`transport` None is the network."""
        super().__init__(without_path(url), report)
        self._url = url
        self._pauses_s = PAUSES_S if pauses_s is None else pauses_s
        self._transport = transport
        self._client: BoundedClient | None = None

    async def deliver(self, record: Record) -> None:
        """Post it, again where that may help."""
        tries = 0
        for pause_s in (0.0, *self._pauses_s):
            await asyncio.sleep(pause_s)
            tries += 1
            problem, again = await self._post(record)
            if not problem:
                return
            if not again:
                break
        raise NotDelivered(problem if tries == 1 else f"{problem}, tried {tries} times")

    async def _post(self, record: Record) -> tuple[str, bool]:
        """What was wrong, empty for nothing, and whether another try may help."""
        if self._client is None:
            self._client = BoundedClient(
                verify=certificates(verify=self._url.startswith("https:")),
                headers={"User-Agent": f"tsmon/{__version__}"},
                transport=self._transport,
            )
        request = self._client.build_request("POST", self._url, json=record)
        try:
            answer = await self._client.send(request, _BOUNDS)
        except httpx.HTTPError as error:
            return _reason(error), True
        if answer.is_success:
            return "", False
        if answer.is_redirect:
            return f"answered {answer.status_code}; redirects are not followed", False
        passing = answer.status_code in _PASSING or answer.is_server_error
        return f"answered {answer.status_code}", passing

    async def _let_go(self) -> None:
        if self._client is not None:
            await self._client.close(0.0)


def _reason(error: httpx.HTTPError) -> str:
    """What failed, without the URL that httpx may quote."""
    if isinstance(error, httpx.TimeoutException):
        return "did not answer in time"
    if isinstance(error, httpx.ConnectError):
        is_tls = "CERTIFICATE" in str(error).upper() or "SSL" in str(error).upper()
        return "its certificate is not trusted" if is_tls else "cannot be reached"
    return "broke the connection off"
