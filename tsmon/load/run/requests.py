"""Requests made ready before a run, so that sending one costs a write."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from tsmon.payloads.payload import PayloadError
from tsmon.torchserve.grpc.schemes import is_grpc

if TYPE_CHECKING:
    from collections.abc import Callable

    from tsmon.load.run.plan import Endpoint, RunPlan
    from tsmon.payloads.payload import Payload
    from tsmon.payloads.request_form import Request

MAX_BYTES = 256 * 2**20
"""Of all bodies together; they are held in memory."""

_LINE = b"\r\n"
_END = b"\r\n\r\n"


class ReadyRequest(Struct):
    """One request as the bytes that go over the wire."""

    data: bytes
    label: str | None
    name: str = ""
    """Of its payload."""
    authorization: str = ""
    """The value of that header in `data`, empty without a key."""

    def authorize(self, authorization: str) -> None:
        """Carry another key from now on."""
        head, end, body = self.data.partition(_END)
        lines = [line for line in head.split(_LINE) if not line.startswith(b"Authorization:")]
        if authorization:
            lines.append(f"Authorization: {authorization}".encode("ascii"))
        self.data = _LINE.join(lines) + end + body
        self.authorization = authorization


class Prepared(Struct):
    """The requests that can be sent, and what was wrong with the others."""

    requests: list[ReadyRequest]
    problems: list[str]


def prepare(plan: RunPlan, endpoint: Endpoint) -> Prepared:
    """Read the payloads; those that cannot be sent, or go beyond `MAX_BYTES`, become problems."""
    prepared = Prepared([], [])
    size = 0
    ready = _ready_over(endpoint)
    for payload in plan.payloads:
        try:
            request = ready(plan, endpoint, payload)
        except PayloadError as error:
            prepared.problems.append(str(error))
            continue
        size += len(request.data)
        if size > MAX_BYTES:
            held = f"those before it have {MAX_BYTES // 2**20} MiB already"
            prepared.problems.append(f"{payload.name} is skipped: {held}")
            break
        prepared.requests.append(request)
    return prepared


def _ready_over(endpoint: Endpoint) -> Callable[[RunPlan, Endpoint, Payload], ReadyRequest]:
    if not is_grpc(endpoint.url):
        return _over_http
    from tsmon.load.run import grpc_lane

    return grpc_lane.ready


def _over_http(plan: RunPlan, endpoint: Endpoint, payload: Payload) -> ReadyRequest:
    request = plan.form.request(payload, plan.model, plan.version)
    data = _head(endpoint, request) + request.body
    return ReadyRequest(data, payload.label, payload.name, endpoint.authorization)


def _head(endpoint: Endpoint, request: Request) -> bytes:
    headers = {
        "Host": urlsplit(endpoint.url).netloc or "localhost",
        **{name.title(): value for name, value in request.headers.items()},
        "Content-Length": str(len(request.body)),
    }
    headers |= {name.title(): value for name, value in endpoint.headers.items()}
    lines = [f"{request.method} {endpoint.prefix}{request.path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if endpoint.authorization:
        lines.append(f"Authorization: {endpoint.authorization}")
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("ascii")
