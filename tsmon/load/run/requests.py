"""Requests made ready before a run, so that sending one costs a write."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from tsmon.payloads.payload import PayloadError

if TYPE_CHECKING:
    from tsmon.load.run.plan import Endpoint, RunPlan
    from tsmon.payloads.request_form import Request

MAX_BYTES = 256 * 2**20
"""Of all bodies together; they are held in memory."""

_LINE = b"\r\n"
_END = b"\r\n\r\n"


class ReadyRequest(Struct):
    """One request as the bytes that go over the wire."""

    data: bytes
    label: str | None
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
    for payload in plan.payloads:
        try:
            request = plan.form.request(payload, plan.model, plan.version)
        except PayloadError as error:
            prepared.problems.append(str(error))
            continue
        size += len(request.body)
        if size > MAX_BYTES:
            held = f"those before it have {MAX_BYTES // 2**20} MiB already"
            prepared.problems.append(f"{payload.name} is skipped: {held}")
            break
        data = _head(endpoint, request) + request.body
        prepared.requests.append(ReadyRequest(data, payload.label, endpoint.authorization))
    return prepared


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
