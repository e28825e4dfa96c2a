"""Calls of one of the server's gRPC APIs, with its keys, deadlines and errors."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, NoReturn

from grpc import ChannelConnectivity, aio
from msgspec import Struct

from tsmon.torchserve.connection import Connection
from tsmon.torchserve.errors import InvalidArgument, TokenRefused, TorchServeError
from tsmon.torchserve.grpc.channel import channels
from tsmon.torchserve.grpc.errors import TOKEN_REFUSED, Status, error_of
from tsmon.torchserve.waiting import under_way

if TYPE_CHECKING:
    from tsmon.torchserve.route import Route
    from tsmon.torchserve.tokens import KeyKind, KeyRing


class Method(Struct, frozen=True):
    """One of the methods of a service."""

    service: str
    name: str
    answer: Any
    """The class of its message."""
    streams: bool = False
    """Whether it answers with any number of them."""

    @property
    def path(self) -> str:
        """Where it is on the server."""
        return f"/{self.service}/{self.name}"


class NoHttp(Connection):
    """Stands where an API of HTTP has its connection: what has no form in gRPC arrives here."""

    def __init__(self) -> None:
        pass

    async def request(self, method: str, path: str, **_: Any) -> NoReturn:
        """Refuse it.

        Raises:
            InvalidArgument: always.
        """
        raise InvalidArgument(f"gRPC has no {method} {path}", "ask over HTTP: leave out --grpc")


class GrpcConnection:
    """Calls to one base URL, all over one channel."""

    def __init__(
        self,
        url: str,
        keys: KeyRing,
        kind: KeyKind,
        *,
        route: Route,
        most_bytes: int,
        keep_keys: Callable[[], Awaitable[None]],
    ) -> None:
        """`kind` is the key that this API asks for; an answer may have `most_bytes`.

        `keep_keys` is awaited before each call.
        """
        self.url = url
        self._keys = keys
        self._kind = kind
        self._route = route
        self._most_bytes = most_bytes
        self._keep_keys = keep_keys
        self._channel: Any = None

    async def close(self, grace_s: float) -> None:
        """Give the calls in flight `grace_s` seconds to end, then close the channel."""
        if self._channel is not None:
            await self._channel.close(grace_s)

    async def call(self, method: Method, request: Any, timeout_s: float) -> Any:
        """Send a request and give its answer.

        Raises:
            TorchServeError: as `answers`.
        """
        async with aclosing(self.answers(method, request, timeout_s)) as answers:
            return await anext(answers)

    async def answers(self, method: Method, request: Any, timeout_s: float) -> AsyncGenerator[Any]:
        """Send a request and give its answers as they come.

        When the server refuses the key and the key file holds another one by now, it is sent once
        more.

        Raises:
            InvalidArgument: a certificate cannot be read, or the way is none for gRPC.
            Unreachable: no connection, or it broke.
            TimedOut: the last answer was not there within `timeout_s` seconds.
            TooLarge: an answer has too many bytes.
            NotTorchServe: something else answers there.
            ApiError: the server answered with an error.
        """
        await self._keep_keys()
        sent = self._authorization()
        try:
            async for answer in self._once(method, request, timeout_s, sent):
                yield answer
        except TokenRefused:
            goes_there = self._keys.goes_to(self.url)
            if not goes_there or not await self._keys.changed_from(self._kind, sent or None):
                raise
        else:
            return
        async for answer in self._once(method, request, timeout_s, self._authorization()):
            yield answer

    async def _once(
        self, method: Method, request: Any, timeout_s: float, authorization: str
    ) -> AsyncGenerator[Any]:
        if self._channel is None:
            self._channel = (await channels(self.url, self._route, self._most_bytes))()
        make = self._channel.unary_stream if method.streams else self._channel.unary_unary
        sending = make(
            method.path,
            request_serializer=type(request).SerializeToString,
            response_deserializer=method.answer.FromString,
        )
        with under_way(f"gRPC {method.name}", self.url):
            call = sending(request, timeout=timeout_s, metadata=self._metadata(authorization))
            try:
                if method.streams:
                    async for answer in call:
                        yield answer
                else:
                    yield await call
            except aio.AioRpcError as error:
                raise self._error(method, error, timeout_s) from None
            finally:
                call.cancel()

    def _authorization(self) -> str:
        headers = {**self._keys.headers(self._kind, self.url), **self._route.authorization()}
        return headers.get("Authorization", "")

    def _metadata(self, authorization: str) -> list[tuple[str, str]]:
        own = [(name.lower(), value) for name, value in self._route.headers.items()]
        return [*own, ("authorization", authorization)] if authorization else own

    def _error(self, method: Method, error: Any, timeout_s: float) -> TorchServeError:
        code, details = error.code().name, error.details() or ""
        if TOKEN_REFUSED in details:
            problem, hint = self._keys.diagnose(self._kind, self.url)
            return TokenRefused(400, "InvalidKeyException", details, problem, hint)
        connected = self._channel.get_state() is ChannelConnectivity.READY
        return error_of(Status(code, details, method.name, self.url, timeout_s, connected))
