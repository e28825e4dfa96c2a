"""What a payload is put into on its way: a path, headers, a form, KServe's JSON."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from enum import StrEnum
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import Struct, field

from tsmon.payloads.payload import BYTES, Payload, PayloadError, is_text
from tsmon.torchserve.errors import InvalidArgument
from tsmon.torchserve.inference import BODY, Question, question_path
from tsmon.torchserve.route import Route
from tsmon.untrusted.json import BadJson, parse_json

JSON = "application/json"
METHODS = ("POST", "PUT", "GET", "PATCH", "DELETE")
"""What TorchServe takes for a prediction; OPTIONS asks for a description instead."""


class Template(StrEnum):
    """What the body is made of."""

    NONE = "none"
    """The payload itself."""
    KSERVE_V1 = "v1"
    """`{"instances": […]}`, of KServe's version 1 protocol."""
    KSERVE_V2 = "v2"
    """`{"inputs": […]}`, of its version 2, the Open Inference Protocol."""


class Request(NamedTuple):
    """What goes over the wire beside the server's address and the key."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class RequestForm(Struct, frozen=True):
    """How payloads are sent.

    Raises:
        InvalidArgument: two of them exclude each other, or a header cannot be sent.
    """

    method: str = "POST"
    template: Template = Template.NONE
    explain: bool = False
    """Ask for explanations instead of predictions."""
    content_type: str = ""
    """Of all payloads; empty for each its own."""
    accept: str = JSON
    """That header's value, unless `headers` has it."""
    headers: Mapping[str, str] = field(default_factory=dict)
    form_field: str = ""
    """The field of a multipart form that a payload stands in; empty without a form."""
    fields: tuple[tuple[str, str], ...] = ()
    """Further fields of the form; a value `@FILE` is the content of that file."""

    def __post_init__(self) -> None:
        Route(headers={**self.headers, **self._typed})
        if self.method not in METHODS:
            raise InvalidArgument(
                f"{self.method!r} is not a method that TorchServe predicts by",
                f"use {', '.join(METHODS[:-1])} or {METHODS[-1]}",
            )
        if self.template is not Template.NONE and (self.form_field or self.content_type):
            raise InvalidArgument(
                "a KServe body is JSON", "leave out the form and the content type"
            )
        if self.fields and not self.form_field:
            raise InvalidArgument("fields need a form", "name the payload's own field too")

    @property
    def _typed(self) -> dict[str, str]:
        return {"Content-Type": self.content_type} if self.content_type else {}

    def path(self, model: str, version: str | None = None) -> str:
        """Where the requests go.

        Raises:
            InvalidArgument: a model of this name or version has no such path.
        """
        protocol = {Template.KSERVE_V1: 1, Template.KSERVE_V2: 2}.get(self.template)
        return question_path(Question(protocol, self.explain), model, version)

    def request(self, payload: Payload, model: str, version: str | None = None) -> Request:
        """The request that carries a payload.

        Raises:
            PayloadError: it cannot be read, or not be put into this form.
            InvalidArgument: a model of this name or version has no such path.
        """
        content_type, body = self.body(payload)
        headers = {"Accept": self.accept, **self.headers, "Content-Type": content_type}
        return Request(self.method, self.path(model, version), headers, body)

    def body(self, payload: Payload) -> tuple[str, bytes]:
        """The content type and the bytes of a body.

        Raises:
            PayloadError: the payload cannot be read, or not be put into this form.
        """
        data = payload.read()
        if self.template is Template.KSERVE_V1:
            return JSON, _dumped(_kserve_v1(payload, data))
        if self.template is Template.KSERVE_V2:
            return JSON, _dumped(_kserve_v2(payload, data))
        content_type = self.content_type or payload.content_type
        if self.form_field:
            own = _Part(self.form_field, payload.name, content_type, data)
            return _multipart(list(chain([own], self._parts())))
        return content_type, data

    def inputs(self, payload: Payload) -> dict[str, bytes]:
        """What gRPC carries: each field of the form by its name, or the body alone.

        Raises:
            PayloadError: the payload cannot be read, or not be put into this form.
        """
        if not self.form_field:
            return {BODY: self.body(payload)[1]}
        return {self.form_field: payload.read(), **{each.name: each.data for each in self._parts()}}

    def require_grpc(self) -> None:
        """Check that gRPC can carry this form.

        Raises:
            InvalidArgument: it has what HTTP alone has.
        """
        if self.method != "POST" or self.explain or self.content_type or self.headers:
            raise InvalidArgument(
                "gRPC carries neither methods, content types and headers nor explanations",
                "leave them out, or send over HTTP",
            )

    def _parts(self) -> Iterator[_Part]:
        for name, value in self.fields:
            if value.startswith("@"):
                file = Payload.at(Path(value[1:]))
                yield _Part(name, file.name, file.content_type, file.read())
            else:
                yield _Part(name, "", "", value.encode())


class _Part(NamedTuple):
    name: str
    file_name: str
    """Empty for a plain value."""
    content_type: str
    data: bytes


def _multipart(parts: list[_Part]) -> tuple[str, bytes]:
    """A form as RFC 7578 has it, with the same boundary for the same parts."""
    boundary = sha256(b"".join(part.data for part in parts)).hexdigest()[:40]
    body = bytearray()
    for part in parts:
        head = f'Content-Disposition: form-data; name="{_quoted(part.name)}"'
        if part.file_name:
            head += f'; filename="{_quoted(part.file_name)}"\r\nContent-Type: {part.content_type}'
        body += f"--{boundary}\r\n{head}\r\n\r\n".encode() + part.data + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    return f"multipart/form-data; boundary={boundary}", bytes(body)


def _quoted(text: str) -> str:
    """A name within the quotes of a header, as the WHATWG's form encoding has it."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _dumped(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _value(payload: Payload, data: bytes) -> Any:
    """JSON as what it says, text as a string, anything else as base64 text.

    Raises:
        PayloadError: it says that it is JSON, and is none.
    """
    if payload.content_type == BYTES or not is_text(payload.content_type):
        return b64encode(data).decode()
    if payload.content_type.endswith("json"):
        try:
            return parse_json(data)
        except BadJson as error:
            raise PayloadError(f"{payload.name} is not JSON: {error}") from None
    return data.decode(errors="replace")


def _kserve_v1(payload: Payload, data: bytes) -> Any:
    value = _value(payload, data)
    if isinstance(value, dict) and "instances" in value:
        return value
    return {"instances": [{"data": value} if isinstance(value, str) else value]}


def _kserve_v2(payload: Payload, data: bytes) -> Any:
    value = _value(payload, data)
    if isinstance(value, dict):
        if "inputs" in value:
            return value
        value = json.dumps(value)
    if isinstance(value, str):
        tensor = {"datatype": "BYTES", "shape": [1], "data": [value]}
    else:
        shape = _shape(value, payload) or (1,)
        numbers = list(_flat(value))
        whole = all(isinstance(each, int) for each in numbers)
        kind = "INT64" if whole else "FP32"
        tensor = {"datatype": kind, "shape": shape, "data": numbers}
    return {"inputs": [{"name": "input-0", **tensor}]}


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for each in value:
            yield from _flat(each)
    else:
        yield value


def _shape(value: Any, payload: Payload) -> tuple[int, ...]:
    """How long a nested list of numbers is at each depth; one number has none.

    Raises:
        PayloadError: it is no tensor.
    """
    if isinstance(value, list):
        inner = {_shape(each, payload) for each in value}
        if len(inner) > 1:
            raise PayloadError(f"{payload.name} is not a tensor: its rows differ in length")
        return (len(value), *next(iter(inner), ()))
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PayloadError(f"{payload.name} is not numbers, text or a JSON object")
    return ()


PLAIN = RequestForm()
"""A payload is the body of a POST to the model's predictions."""
