"""The inference API: ping and predictions."""

from __future__ import annotations

import time
from dataclasses import dataclass
from urllib.parse import quote

from tsmon.torchserve.connection import Connection, read_json
from tsmon.torchserve.errors import ApiError, InvalidArgument
from tsmon.torchserve.records import parse_status
from tsmon.torchserve.tokens import KeyKind

PING_TIMEOUT_S = 2.0
PREDICT_TIMEOUT_S = 150.0
"""Longer than the server's default response time-out of 120 s, so that its own error is seen."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """One answer of a model."""

    body: bytes
    content_type: str
    milliseconds: float
    """From sending the request to the whole answer, as this client saw it."""
    request_id: str
    """TorchServe's `x-request-id`, which its logs carry too."""

    @property
    def text(self) -> str:
        """The answer as text, undecodable bytes replaced."""
        return self.body.decode(errors="replace").strip()


class Inference:
    """The inference API of one server, on connections of its own so that polling never waits."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def ping(self) -> str:
        """`Healthy` or `Unhealthy`, in the server's words.

        It says Healthy too while models load and for minutes of a crash loop.
        """
        try:
            response = await self._connection.request(
                "GET", "/ping", timeout_s=PING_TIMEOUT_S, key=KeyKind.INFERENCE
            )
        except ApiError as error:
            if error.code == 500 and error.message == "Unhealthy":
                return error.message
            raise
        return parse_status(read_json(response))

    async def predict(
        self,
        name: str,
        body: bytes,
        *,
        version: str | None = None,
        accept: str = "*/*",
        content_type: str = "application/octet-stream",
        timeout_s: float = PREDICT_TIMEOUT_S,
    ) -> Prediction:
        """Send one request to a model, by default to its default version.

        Raises:
            NoCapacity: the model has no worker, or its queue is full.
            HandlerFailed: the model's own code raised.
            NotFound: no such model or version.
        """
        started = time.perf_counter()
        response = await self._connection.request(
            "POST",
            predictions_path(name, version),
            content=body,
            headers={"Accept": accept, "Content-Type": content_type},
            timeout_s=timeout_s,
            key=KeyKind.INFERENCE,
        )
        elapsed = time.perf_counter() - started
        return Prediction(
            body=response.content,
            content_type=response.headers.get("content-type", ""),
            milliseconds=elapsed * 1000,
            request_id=response.headers.get("x-request-id", ""),
        )


def predictions_path(name: str, version: str | None = None) -> str:
    """The path of a model's predictions.

    Raises:
        InvalidArgument: the name or version has a slash, which TorchServe cannot address.
    """
    parts = [name, version] if version else [name]
    if not name or any("/" in part for part in parts):
        raise InvalidArgument(f"{name!r} is no model name", "`tsmon models` lists them")
    return "/predictions/" + "/".join(quote(part, safe="") for part in parts)
