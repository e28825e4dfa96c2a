"""One HTTP connection pool to one of the server's APIs, with TorchServe's errors and time-outs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx

from tsmon.torchserve.addresses import SOCKET
from tsmon.torchserve.errors import (
    ONE_PORT_HINT,
    ApiError,
    InvalidArgument,
    NotTorchServe,
    TimedOut,
    TokenRefused,
    TooLarge,
    Unreachable,
    api_error,
    parse_error,
)
from tsmon.torchserve.route import Route, certificates
from tsmon.torchserve.tokens import KeyKind, KeyRing
from tsmon.torchserve.unreachable import hint_for_answer, unreachable
from tsmon.torchserve.waiting import under_way
from tsmon.units import period
from tsmon.untrusted.http import (
    CLOSE_GRACE_S,
    AnswerTooLarge,
    BoundedClient,
    Bounds,
    Heard,
    Overdue,
    Way,
)
from tsmon.untrusted.json import BadJson, parse_json
from tsmon.untrusted.secrets import masked_address

CONNECT_TIMEOUT_S = 2.0
NO_SUCH_PATH = "ResourceNotFoundException"
_HOST_OF_SOCKET = "http://localhost"
MOST_JSON_BYTES = 4 * 2**20
"""Describe takes 250 bytes a worker; more would take a hundred times the memory when parsed."""

Parameters = Mapping[str, str | int]


class Connection:
    """Requests to one base URL; none of them is cancelled in flight."""

    def __init__(
        self,
        base_url: str,
        keys: KeyRing,
        *,
        route: Route = Route(),  # noqa: B008 (frozen)
        transport: httpx.AsyncBaseTransport | None = None,
        max_connections: int = 10,
        keep_keys: Callable[[], Awaitable[None]] | None = None,
        settle: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """`keep_keys` is awaited before each request with a key that can end.

        `settle` is awaited before each request; it may move the connection.
        """
        self.base_url = base_url
        self._settle = settle
        self._keep_keys = keep_keys
        self._keys = keys
        self._route = route
        self._transport = transport
        self._limits = httpx.Limits(max_connections=max_connections)
        self._client = self._new_client()

    def _new_client(self) -> BoundedClient:
        url, route = self.base_url, self._route
        socket = url.removeprefix(SOCKET) if url.startswith(SOCKET) else ""
        return BoundedClient(
            base_url=_HOST_OF_SOCKET if socket else url,
            verify=route.tls if url.startswith("https:") else certificates(verify=False),
            headers=dict(route.headers),
            transport=self._transport,
            limits=self._limits,
            way=Way(route.proxy, socket),
        )

    async def move_to(self, base_url: str) -> None:
        """Send later requests to another base URL."""
        if base_url != self.base_url:
            left, self.base_url = self._client, base_url
            self._client = self._new_client()
            await left.close(0.0)

    async def close(self, grace_s: float = CLOSE_GRACE_S) -> None:
        """Give the requests under way `grace_s` seconds to end, then close the connections."""
        await self._client.close(grace_s)

    async def request(
        self,
        method: str,
        path: str,
        *,
        timeout_s: float,
        most_bytes: int = MOST_JSON_BYTES,
        key: KeyKind | None = None,
        parameters: Parameters | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        heard: Heard | None = None,
    ) -> httpx.Response:
        """Send a request and give its answer if it is no error.

        `heard` gets the parts of that answer as they come. `path` is quoted by the caller. With
        `key` the request carries that key; when the server refuses it and the key file holds
        another one by now, the request is sent once more.

        Raises:
            InvalidArgument: no URL can have such a path or parameter.
            Unreachable: no connection, or it broke.
            TimedOut: no whole answer within `timeout_s` seconds.
            TooLarge: the answer has more than `most_bytes` bytes.
            NotTorchServe: a redirection, or an answer that cannot be decoded.
            ApiError: the server answered with an error.
        """

        def build() -> httpx.Request:
            authorization = self._keys.headers(key, self.base_url) if key else {}
            try:
                return self._client.build_request(
                    method,
                    path,
                    params=dict(parameters) if parameters else None,
                    content=content,
                    headers={**(headers or {}), **authorization, **self._route.authorization()},
                    timeout=httpx.Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s)),
                )
            except httpx.InvalidURL as error:  # such as one of more than 64 KiB
                raise InvalidArgument(f"this cannot be part of a request URL: {error}") from None

        if self._settle is not None:
            await self._settle()
        if key is not None and key is not KeyKind.API and self._keep_keys is not None:
            await self._keep_keys()
        bounds = Bounds(timeout_s, most_bytes)
        request = build()
        response = await self._send(request, bounds, heard)
        if key and _token_refused(response) and await self._has_other_key(request, key):
            response = await self._send(build(), bounds, heard)
        if response.is_error:
            raise self._error(response, key)
        if not response.is_success:
            where = response.headers.get("location", "somewhere else")
            raise NotTorchServe(f"{self.base_url} redirects to {where}", "use that address")
        return response

    async def _has_other_key(self, request: httpx.Request, key: KeyKind) -> bool:
        refused = request.headers.get("Authorization")
        return self._keys.goes_to(self.base_url) and await self._keys.changed_from(key, refused)

    async def _send(
        self, request: httpx.Request, bounds: Bounds, heard: Heard | None
    ) -> httpx.Response:
        try:
            with under_way(f"{request.method} {request.url.path}", self.base_url):
                return await self._client.send(request, bounds, heard)
        except httpx.TimeoutException as error:
            raise self._timed_out(request, error) from None
        except AnswerTooLarge as error:
            what = f"{request.method} {request.url.path}"
            raise TooLarge(f"{what}: {error}", "is this a TorchServe's address?") from None
        except httpx.TransportError as error:
            words, proxy = _words(error), masked_address(self._route.proxy)
            raise unreachable(self.base_url, words, proxy) from None
        except httpx.DecodingError as error:
            raise NotTorchServe(f"{request.url} cannot be decoded: {error}") from None

    def _timed_out(self, request: httpx.Request, error: httpx.TimeoutException) -> Exception:
        if isinstance(error, httpx.ConnectTimeout):
            encrypted = self.base_url.startswith("https:")
            hint = (
                "is the host up, and does that port speak https?"
                if encrypted
                else "is the host up?"
            )
            return Unreachable(f"{self.base_url} does not accept connections", hint)
        seconds = request.extensions["timeout"]["read"]
        what = f"{request.method} {request.url.path}"
        if isinstance(error, Overdue):
            line = f"{what}: the answer was still incomplete after {period(seconds)}"
            return TimedOut(line, "the server or the network is very slow")
        return TimedOut(
            f"{what} got no answer within {period(seconds)}", "the server may be busy or stuck"
        )

    def _error(self, response: httpx.Response, key: KeyKind | None) -> ApiError:
        code, type_, message = read_error(response)
        if type_ == "InvalidKeyException" and key is not None:
            problem, hint = self._keys.diagnose(key, self.base_url)
            if key is KeyKind.MANAGEMENT and "/token" in str(response.request.url):
                hint = (
                    "with tokens on, TorchServe treats every request whose path contains /token as "
                    "a "
                    "token request; such a model cannot be managed"
                )
            return TokenRefused(code, type_, message, problem, hint)
        if code == 413 and not message:
            message = "the body is larger than the server's max_request_size"
        error = api_error(code, type_, message)
        error.hint = error.hint or hint_for_answer(self.base_url, message)
        if type_ == NO_SUCH_PATH and "/models/" in response.request.url.path:
            error.hint = ONE_PORT_HINT
        return error


def read_json(response: httpx.Response) -> Any:
    """The JSON of an answer.

    Raises:
        NotTorchServe: it is not JSON, or nested deeper than any of TorchServe's.
    """
    try:
        return parse_json(response.content)
    except BadJson:
        raise NotTorchServe(f"{response.request.url} answered, but not with JSON") from None


def read_error(response: httpx.Response) -> tuple[int, str, str]:
    """HTTP code, exception type and message of an error answer, whatever its shape."""
    return response.status_code, *parse_error(response.content)


def _words(error: BaseException) -> str:
    """What an error says, or else what it came of: those of TLS arrive without words."""
    cause: BaseException | None = error
    while cause is not None:
        if str(cause):
            return str(cause)
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__


def _token_refused(response: httpx.Response) -> bool:
    return response.status_code == 400 and read_error(response)[1] == "InvalidKeyException"
