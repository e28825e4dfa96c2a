"""Lanes and requests of a run over gRPC, each lane on a channel and a connection of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any

import grpc
from grpc import aio
from msgspec import Struct

from tsmon.load.refusals import Failure
from tsmon.load.run.connection import MOST_ANSWER_BYTES
from tsmon.load.run.lane import Lane, LaneOwner
from tsmon.load.run.requests import ReadyRequest
from tsmon.torchserve.errors import ApiError, TorchServeError
from tsmon.torchserve.grpc import inference_pb2
from tsmon.torchserve.grpc.channel import channels
from tsmon.torchserve.grpc.errors import TOKEN_REFUSED, Status, error_of, reason_of
from tsmon.torchserve.grpc.inference import PING, PREDICT, request_of
from tsmon.torchserve.route import Route

if TYPE_CHECKING:
    from tsmon.load.run.plan import Endpoint, RunPlan
    from tsmon.payloads.payload import Payload

_KEY_REFUSED = json.dumps({"code": 400, "type": "InvalidKeyException", "message": "token"}).encode()
CONNECT_TIMEOUT_S = 10.0
"""The server itself answers a connection of gRPC, and it may be busy."""
_ALONE = (
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", round(CONNECT_TIMEOUT_S * 1000)),
    ("grpc.max_reconnect_backoff_ms", 500),
)
"""A connection for each channel, tried again soon where the server was away; the least of the
back-off is what gRPC waits for a connection."""


class GrpcRequest(ReadyRequest):
    """One request as the bytes of its message; the key goes as metadata."""

    def authorize(self, authorization: str) -> None:
        """Carry another key from now on."""
        self.authorization = authorization


def ready(plan: RunPlan, endpoint: Endpoint, payload: Payload) -> ReadyRequest:
    """A payload as a request that costs only the sending.

    Raises:
        PayloadError: it cannot be read, or not be put into the plan's form.
    """
    message = request_of(plan.model, plan.form.inputs(payload), plan.version)
    return GrpcRequest(
        message.SerializeToString(), payload.label, payload.name, endpoint.authorization
    )


class GrpcLink(Struct, frozen=True):
    """How to reach a server over gRPC."""

    endpoint: Endpoint
    channel: Callable[[], Any]

    @classmethod
    async def to(cls, endpoint: Endpoint) -> GrpcLink:
        """The link to an endpoint.

        Raises:
            OSError: a certificate cannot be read.
        """
        route = Route(endpoint.verify, endpoint.client_cert, endpoint.client_key)
        try:
            channel = await channels(endpoint.url, route, MOST_ANSWER_BYTES, _ALONE)
        except TorchServeError as error:
            raise OSError(error.message) from None
        return cls(endpoint, channel)

    def lanes(self, count: int, owner: LaneOwner) -> list[Lane]:
        """So many lanes to it."""
        return [GrpcLane(self, owner) for _ in range(count)]


class GrpcLane(Lane):
    """Carries one call at a time; its channel connects again by itself."""

    __slots__ = (
        "_away", "_call", "_channel", "_headers", "_next", "_predict", "_task", "_url", "_waiting",
    )  # fmt: skip

    def __init__(self, link: GrpcLink, owner: LaneOwner) -> None:
        super().__init__(owner)
        self._url = link.endpoint.url
        self._headers = [(name.lower(), value) for name, value in link.endpoint.headers.items()]
        self._channel = link.channel()
        self._predict = self._channel.unary_unary(PREDICT.path)
        self._task: asyncio.Task[None] | None = None
        self._next: ReadyRequest | None = None
        self._waiting: asyncio.Future[None] | None = None
        self._call: Any = None
        self._away = False
        """Whether the last request found no connection."""

    async def open(self) -> None:
        """Connect before there is a request.

        Raises:
            OSError: the server does not accept it, or not in time.
        """
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            state = self._channel.get_state(try_to_connect=True)
            while state not in (_READY, _FAILED):
                await self._channel.wait_for_state_change(state)
                state = self._channel.get_state()
        if state is _FAILED:
            raise OSError(await self._why())
        self._owner.connected()
        self._task = asyncio.create_task(self._work())

    async def _why(self) -> str:
        """Why there is no connection, which only a call says."""
        try:
            await self._channel.unary_unary(PING.path)(b"", timeout=CONNECT_TIMEOUT_S)
        except aio.AioRpcError as error:
            return reason_of(error.details() or "")
        return "the connection broke"

    def send(self, request: ReadyRequest, due: float, now: float) -> None:
        """Send a request; the one before must have ended."""
        self.request, self.due, self.sent_at = request, due, now
        self.chunked = None
        self.authorization = request.authorization
        self._next = request
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def give_up(self, kind: Failure, reason: str) -> None:
        """Wait for the answer no longer."""
        call, self._call = self._call, None
        self._next = None
        if call is not None:
            call.cancel()
        self._fail(kind, reason)

    def close(self) -> None:
        """End the call and the channel."""
        if self._task is not None:
            self._task.cancel()

    async def _work(self) -> None:
        """Carry one request after the other."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                if self._next is None:
                    self._waiting = loop.create_future()
                    await self._waiting
                request, self._next = self._next, None
                if request is not None:
                    await self._carry(request)
        finally:
            await self._channel.close()

    async def _carry(self, request: ReadyRequest) -> None:
        metadata = self._headers
        if request.authorization:
            metadata = [*metadata, ("authorization", request.authorization)]
        self._call = call = self._predict(request.data, metadata=metadata)
        started = monotonic()
        try:
            answer = await call
        except aio.AioRpcError as error:
            if self._call is call:
                self._refused(error, monotonic() - started)
        except asyncio.CancelledError:
            if self._call is call:  # the lane is closed, not its call given up
                raise
        else:
            if self._call is call:
                body = inference_pb2.PredictionResponse.FromString(answer).prediction
                self._answered(200, body)

    def _answered(self, status: int, body: bytes) -> None:
        if self._away:
            self._away = False
            self._owner.connected()
        self._owner.lane_answered(self, status, body)

    def _refused(self, error: aio.AioRpcError, seconds: float) -> None:
        code, details = error.code().name, error.details() or ""
        if TOKEN_REFUSED in details:
            self._answered(400, _KEY_REFUSED)
            return
        means = error_of(Status(code, details, PREDICT.name, self._url, seconds))
        if isinstance(means, ApiError):
            body = {"code": means.code, "type": means.type, "message": means.message}
            self._answered(means.code, json.dumps(body).encode())
        else:
            self._away = True
            self._fail(Failure.UNREACHABLE, reason_of(details))


_READY = grpc.ChannelConnectivity.READY
_FAILED = grpc.ChannelConnectivity.TRANSIENT_FAILURE
