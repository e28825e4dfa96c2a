"""The inference API over gRPC: ping, predictions, and predictions whose answers stream."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from google.protobuf.empty_pb2 import Empty

from tsmon.torchserve.errors import InvalidArgument, NotTorchServe
from tsmon.torchserve.grpc import inference_pb2
from tsmon.torchserve.grpc.connection import GrpcConnection, Method, NoHttp
from tsmon.torchserve.inference import (
    BODY,
    PING_TIMEOUT_S,
    PREDICT_TIMEOUT_S,
    Inference,
    Prediction,
)
from tsmon.torchserve.records import parse_status
from tsmon.untrusted.json import BadJson, parse_json

SERVICE = "org.pytorch.serve.grpc.inference.InferenceAPIsService"
PING = Method(SERVICE, "Ping", inference_pb2.TorchServeHealthResponse)
PREDICT = Method(SERVICE, "Predictions", inference_pb2.PredictionResponse)
STREAM = Method(SERVICE, "StreamPredictions", inference_pb2.PredictionResponse, streams=True)


class GrpcInference(Inference):
    """The inference API of one server over gRPC."""

    def __init__(self, connection: GrpcConnection) -> None:
        super().__init__(NoHttp())
        self._grpc = connection

    async def ping(self) -> str:
        """`Healthy` or `Unhealthy`, in the server's words."""
        answer = await self._grpc.call(PING, Empty(), PING_TIMEOUT_S)
        try:
            return parse_status(parse_json(str(answer.health)))
        except BadJson:
            raise NotTorchServe(f"{self._grpc.url} answered, but not with JSON") from None

    async def predict(
        self,
        name: str,
        body: bytes,
        *,
        version: str | None = None,
        accept: str = "",
        content_type: str = "",
        timeout_s: float = PREDICT_TIMEOUT_S,
    ) -> Prediction:
        """Send one request to a model; gRPC knows no content type, handlers get bytes.

        Raises:
            NoCapacity: the model has no worker, or its queue is full.
            HandlerFailed: the model's own code raised.
            NotFound: no such model or version.
        """
        return await self.ask_with(name, {BODY: body}, version=version, timeout_s=timeout_s)

    async def ask_with(
        self,
        name: str,
        inputs: Mapping[str, bytes],
        *,
        version: str | None = None,
        timeout_s: float = PREDICT_TIMEOUT_S,
    ) -> Prediction:
        """The same with several inputs, which a handler finds by their names."""
        started = time.perf_counter()
        answer = await self._grpc.call(PREDICT, request_of(name, inputs, version), timeout_s)
        elapsed = time.perf_counter() - started
        return Prediction(bytes(answer.prediction), "", elapsed * 1000, "")

    async def stream(
        self,
        name: str,
        inputs: Mapping[str, bytes],
        *,
        version: str | None = None,
        timeout_s: float = PREDICT_TIMEOUT_S,
    ) -> AsyncGenerator[bytes]:
        """Send one request to a handler that streams; the parts of its answer as they come.

        A handler that does not stream loses its worker by it, and one that streams loses its own by
        `predict`: that is how TorchServe is.

        Raises:
            TorchServeError: as `predict`; 501 where the server is older than 0.8.
        """
        request = request_of(name, inputs, version)
        async for answer in self._grpc.answers(STREAM, request, timeout_s):
            yield bytes(answer.prediction)


def request_of(name: str, inputs: Mapping[str, bytes], version: str | None = None) -> Any:
    """The message that asks for a prediction; a handler finds the inputs by their names.

    Raises:
        InvalidArgument: there is no name.
    """
    if not name:
        raise InvalidArgument("no model name given", "`tsmon models` lists them")
    return inference_pb2.PredictionsRequest(
        model_name=name, model_version=version or "", input=inputs
    )
