"""The fake's two gRPC ports: each call becomes a request to it, and its answer one of gRPC.

The real server has one registry behind both kinds of ports as well. What it says over gRPC differs:
exceptions stand in the details of a status, and some reach nobody.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import grpc
import httpx
from grpc import aio

from tests.fake.server import FakeTorchServe
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.grpc import inference_pb2, management_pb2
from tsmon.torchserve.grpc.inference import SERVICE as INFERENCE
from tsmon.torchserve.grpc.management import SERVICE as MANAGEMENT

REFUSED = "Token Authorization failed. Token either incorrect, expired, or not provided correctly"
_STATUS = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    404: grpc.StatusCode.NOT_FOUND,
    405: grpc.StatusCode.PERMISSION_DENIED,
    503: grpc.StatusCode.UNAVAILABLE,
}
_UNHANDLED = {403, 409}
"""What the real server answers with UNKNOWN and not a word."""
Ask = Callable[[Any, aio.ServicerContext[Any, Any]], Awaitable[Any]]


class GrpcFront:
    """Answers calls for a fake; `before` may strike any of them, by its name."""

    def __init__(self, fake: FakeTorchServe) -> None:
        self._fake = fake
        self.before: Callable[[str, Any], Awaitable[None]] | None = None
        self._asking = httpx.AsyncClient(transport=fake.transport())

    def handlers(self) -> list[grpc.GenericRpcHandler]:
        """Those of both services."""
        predictions = (inference_pb2.PredictionsRequest, self._predict)
        inference = {
            "Ping": _unary(_Empty, self._ping),
            "Predictions": _unary(*predictions),
            "StreamPredictions": _streaming(*predictions),
        }
        changes: dict[str, tuple[Any, Ask]] = {
            "ListModels": (management_pb2.ListModelsRequest, self._list),
            "DescribeModel": (management_pb2.DescribeModelRequest, self._describe),
            "RegisterModel": (management_pb2.RegisterModelRequest, self._register),
            "ScaleWorker": (management_pb2.ScaleWorkerRequest, self._scale),
            "SetDefault": (management_pb2.SetDefaultRequest, self._set_default),
            "UnregisterModel": (management_pb2.UnregisterModelRequest, self._unregister),
        }
        management = {name: _unary(*each) for name, each in changes.items()}
        return [
            grpc.method_handlers_generic_handler(INFERENCE, inference),
            grpc.method_handlers_generic_handler(MANAGEMENT, management),
        ]

    async def _ping(self, _request: Any, context: Any) -> Any:
        answer = await self._ask(context, "Ping", "GET", "/ping", inference=True)
        return inference_pb2.TorchServeHealthResponse(health=answer.text)

    async def _predict(self, request: Any, context: Any) -> Any:
        path = f"/predictions/{request.model_name}{_version(request)}"
        body = bytes(request.input["body"])
        answer = await self._ask(context, "Predictions", "POST", path, body, inference=True)
        return inference_pb2.PredictionResponse(prediction=answer.content)

    async def _list(self, request: Any, context: Any) -> Any:
        query = f"limit={request.limit}&next_page_token={request.next_page_token}"
        return _words(await self._ask(context, "ListModels", "GET", f"/models?{query}"))

    async def _describe(self, request: Any, context: Any) -> Any:
        query = "?customized=true" if request.customized else ""
        path = f"/models/{request.model_name}{_version(request)}{query}"
        return _words(await self._ask(context, "DescribeModel", "GET", path))

    async def _register(self, request: Any, context: Any) -> Any:
        given = {field.name: value for field, value in request.ListFields()}
        query = httpx.QueryParams({name: str(value).lower() for name, value in given.items()})
        return _said(await self._ask(context, "RegisterModel", "POST", f"/models?{query}"))

    async def _scale(self, request: Any, context: Any) -> Any:
        least = request.min_worker or 1
        most = request.max_worker or least
        wait = str(request.synchronous).lower()
        query = f"min_worker={least}&max_worker={most}&synchronous={wait}"
        path = f"/models/{request.model_name}{_version(request)}?{query}"
        return _said(await self._ask(context, "ScaleWorker", "PUT", path))

    async def _set_default(self, request: Any, context: Any) -> Any:
        path = f"/models/{request.model_name}{_version(request)}/set-default"
        return _said(await self._ask(context, "SetDefault", "PUT", path))

    async def _unregister(self, request: Any, context: Any) -> Any:
        path = f"/models/{request.model_name}{_version(request)}"
        return _said(await self._ask(context, "UnregisterModel", "DELETE", path))

    async def _ask(
        self,
        context: Any,
        call: str,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        inference: bool = False,
    ) -> httpx.Response:
        if self.before is not None:
            await self.before(call, context)
        base = self._fake.addresses.inference if inference else self._fake.addresses.management
        sent = dict(context.invocation_metadata())
        headers = {"Authorization": sent["authorization"]} if "authorization" in sent else {}
        answer = await self._asking.request(method, base + path, content=body, headers=headers)
        if answer.is_success or (call == "Ping" and answer.status_code == 500):
            return answer
        await _abort(context, answer, from_queue=call == "Predictions")
        raise AssertionError("abort raises")


class _Empty:
    @staticmethod
    def FromString(_bytes: bytes) -> None:  # noqa: N802 (as messages have it)
        return None


async def _abort(context: Any, answer: httpx.Response, *, from_queue: bool) -> None:
    error = answer.json()
    if error["type"] == "InvalidKeyException":
        await context.abort(grpc.StatusCode.PERMISSION_DENIED, REFUSED)
    if answer.status_code in _UNHANDLED:
        await context.abort(grpc.StatusCode.UNKNOWN, "")
    status, type_ = _STATUS[answer.status_code], f"org.pytorch.serve.http.{error['type']}"
    if from_queue and answer.status_code == 404:
        status = grpc.StatusCode.INTERNAL
    if error["type"] == "ServiceUnavailableException":
        status, type_ = grpc.StatusCode.INTERNAL, "InternalServerException.()"
    if answer.status_code == 405:
        type_ = "org.pytorch.serve.archive.model.ModelException"
    await context.abort(status, f"{error['message']}\n{type_}")


def _version(request: Any) -> str:
    return f"/{request.model_version}" if request.model_version else ""


def _words(answer: httpx.Response) -> Any:
    return management_pb2.ManagementResponse(msg=answer.text)


def _said(answer: httpx.Response) -> Any:
    return management_pb2.ManagementResponse(msg=answer.json()["status"])


def _unary(message: Any, ask: Ask) -> Any:
    return grpc.unary_unary_rpc_method_handler(
        ask,
        request_deserializer=message.FromString,
        response_serializer=lambda answer: answer.SerializeToString(),
    )


def _streaming(message: Any, ask: Ask) -> Any:
    async def answers(request: Any, context: Any) -> AsyncIterator[Any]:
        yield await ask(request, context)

    return grpc.unary_stream_rpc_method_handler(
        answers,
        request_deserializer=message.FromString,
        response_serializer=lambda answer: answer.SerializeToString(),
    )


@asynccontextmanager
async def grpc_front(
    fake: FakeTorchServe, credentials: grpc.ServerCredentials | None = None
) -> AsyncIterator[tuple[GrpcFront, Addresses]]:
    """Serve a fake over gRPC on a free port, both APIs at the same."""
    front = GrpcFront(fake)
    server = aio.server()
    server.add_generic_rpc_handlers(front.handlers())
    add = partial(server.add_secure_port, server_credentials=credentials)
    port = (add if credentials else server.add_insecure_port)("127.0.0.1:0")
    await server.start()
    url = f"{'grpcs' if credentials else 'grpc'}://127.0.0.1:{port}"
    try:
        yield front, Addresses(url, url)
    finally:
        await server.stop(None)
