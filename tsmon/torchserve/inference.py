"""The inference API: ping and predictions."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from msgspec import Struct

from tsmon.torchserve.changes import reject_slash, segment
from tsmon.torchserve.connection import Connection, read_json
from tsmon.torchserve.errors import ApiError, InvalidArgument
from tsmon.torchserve.records import parse_status
from tsmon.torchserve.tokens import KeyKind

if TYPE_CHECKING:
    from tsmon.untrusted.http import Heard

HEALTHY = "Healthy"
"""What ping answers while every model has a worker."""
BODY = "body"
"""The name under which TorchServe gives a handler a body that is not a form."""
PING_TIMEOUT_S = 2.0
PREDICT_TIMEOUT_S = 150.0
"""Longer than the server's default response time-out of 120 s, so that its own error is seen."""
MOST_PREDICTION_BYTES = 64 * 2**20
"""A handler may answer with a picture or a sound; ten times the server's own limit of a body."""


OPEN_INFERENCE_PATHS = ("/v2/health/live", "/v2/health/ready", "/v2")
"""Only where the server's environment has `TS_OPEN_INFERENCE_PROTOCOL=oip`."""


class Prediction(Struct, frozen=True):
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


class OpenInference(Struct, frozen=True):
    """What a server answers to the Open Inference Protocol."""

    live: bool
    ready: bool
    server: dict[str, Any]
    """Its name, version and extensions, in its own words."""


class Question(NamedTuple):
    """Which of its ways to ask a model is used."""

    kserve: int | None = None
    """The version of KServe's protocol, 1 or 2; None is TorchServe's own way."""
    explain: bool = False
    """Ask for an explanation instead of a prediction."""


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

    async def open_inference(self) -> OpenInference:
        """What the Open Inference Protocol says of the server.

        Raises:
            NotFound: it does not speak it.
        """
        live, ready, server = [
            read_json(
                await self._connection.request(
                    "GET", path, timeout_s=PING_TIMEOUT_S, key=KeyKind.INFERENCE
                )
            )
            for path in OPEN_INFERENCE_PATHS
        ]
        return OpenInference(
            live=_is_true(live, "live"),
            ready=_is_true(ready, "ready"),
            server=server if isinstance(server, dict) else {},
        )

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
        """Send one request to a model, by default to its default version; raises as `ask`."""
        headers = {"Accept": accept, "Content-Type": content_type}
        path = predictions_path(name, version)
        return await self.ask("POST", path, headers, body, timeout_s=timeout_s)

    async def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        timeout_s: float = PREDICT_TIMEOUT_S,
        heard: Heard | None = None,
    ) -> Prediction:
        """Send one request to a path that a model answers at.

        `heard` gets the parts of a good answer as they come.

        Raises:
            NoCapacity: the model has no worker, or its queue is full.
            HandlerFailed: the model's own code raised.
            NotFound: no such model or version.
        """
        started = time.perf_counter()
        response = await self._connection.request(
            method,
            path,
            content=body,
            headers=headers,
            timeout_s=timeout_s,
            most_bytes=MOST_PREDICTION_BYTES,
            key=KeyKind.INFERENCE,
            heard=heard,
        )
        elapsed = time.perf_counter() - started
        return Prediction(
            body=response.content,
            content_type=response.headers.get("content-type", ""),
            milliseconds=elapsed * 1000,
            request_id=response.headers.get("x-request-id", ""),
        )


def predictions_path(name: str, version: str | None = None) -> str:
    """The path of a model's predictions; raises as `question_path`."""
    return question_path(Question(), name, version)


def question_path(question: Question, name: str, version: str | None = None) -> str:
    """The path to ask a model at.

    A name with a slash fits into no path; SageMaker's form takes it, for predictions of its
    default version. KServe's paths have no version either.

    Raises:
        InvalidArgument: there is no name, or a version or question where it cannot be named.
    """
    if not name:
        raise InvalidArgument("no model name given", "`tsmon models` lists them")
    if question.kserve:
        return _kserve_path(question, name, version)
    if "/" in f"{name}{version or ''}":
        if version or question.explain:
            reject_slash(name)
            reject_slash(version or "")
        return f"/invocations?model_name={quote(name, safe='')}"
    verb = "/explanations/" if question.explain else "/predictions/"
    return verb + "/".join(segment(part) for part in (name, version) if part)


def _kserve_path(question: Question, name: str, version: str | None) -> str:
    if version:
        raise InvalidArgument(
            f"KServe's paths have no version, so {version} cannot be asked for",
            "leave it out and the default version answers",
        )
    reject_slash(name)
    if question.kserve == 1:
        return f"/v1/models/{segment(name)}:{'explain' if question.explain else 'predict'}"
    return f"/v2/models/{segment(name)}/{'explain' if question.explain else 'infer'}"


def _is_true(answer: object, name: str) -> bool:
    return isinstance(answer, dict) and answer.get(name) is True
