"""What a gRPC status means, as an error of the one tree.

TorchServe puts its message and the name of its exception into the details of a status, one line
each; where it forgot to handle an exception there are none. The codes it chooses say little, so the
exception is asked first.
"""

from __future__ import annotations

import re

from msgspec import Struct

from tsmon.torchserve.errors import (
    MODEL_API_HINT,
    ApiError,
    ModelApiDisabled,
    NotTorchServe,
    TimedOut,
    TooLarge,
    TorchServeError,
    Unreachable,
    api_error,
    excerpt,
)
from tsmon.torchserve.unreachable import unreachable
from tsmon.units import period

TOKEN_REFUSED = "Token Authorization failed"
_EXCEPTION = re.compile(r"(?:[\w$]+\.)*(\w+(?:Exception|Error))(?:\.\(\))?")
_NOT_GRPC = ("UNAVAILABLE", "UNIMPLEMENTED", "UNKNOWN")
_NO_WORKER = " has no worker to serve"
_CODES = {
    "BadRequestException": 400,
    "ConflictStatusException": 409,
    "DownloadArchiveException": 400,
    "InvalidModelException": 400,
    "ModelNotFoundException": 404,
    "ModelVersionNotFoundException": 404,
    "ServiceUnavailableException": 503,
}
_CODES_OF_STATUS = {
    "ALREADY_EXISTS": 409,
    "INVALID_ARGUMENT": 400,
    "NOT_FOUND": 404,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 507,
    "UNAUTHENTICATED": 401,
    "UNAVAILABLE": 503,
    "UNIMPLEMENTED": 501,
}
_TRIED = re.compile(r"^(?:[A-Z]+: )?(?:ipv[46]:\S+: )?")
_HTTP = re.compile(r"http1\.x server|http2 header with status|invalid http/2|frame", re.IGNORECASE)


class Status(Struct, frozen=True):
    """How a call ended, and what it was."""

    code: str
    """The name of it, such as `NOT_FOUND`."""
    details: str
    call: str
    """The name of the method, such as `Predictions`."""
    url: str
    timeout_s: float
    connected: bool = True
    """Whether there was a connection when it ended."""


def error_of(status: Status) -> TorchServeError:
    """The error that a status stands for."""
    message, type_ = _words(status.details)
    if type_:
        return _servers_own(status, message, type_)
    return _of_the_way(status) or _without_reason(status)


def _words(details: str) -> tuple[str, str]:
    """Message and exception in the details of a status; without one where none is named."""
    message, _, last = details.rpartition("\n")
    found = _EXCEPTION.fullmatch(last.strip())
    return (excerpt(message), found[1]) if found else (excerpt(details), "")


def _servers_own(status: Status, message: str, type_: str) -> ApiError:
    if status.code == "PERMISSION_DENIED":
        words = "registering and unregistering models is disabled on this server"
        return ModelApiDisabled(405, type_, words, MODEL_API_HINT)
    if _NO_WORKER in message:
        return api_error(503, "ServiceUnavailableException", message)
    code = _CODES.get(type_) or _CODES_OF_STATUS.get(status.code, 500)
    return api_error(code, type_, message)


def _of_the_way(status: Status) -> TorchServeError | None:
    """What ended a call before TorchServe answered it."""
    call, url, details = f"gRPC {status.call}", status.url, status.details
    if status.code == "DEADLINE_EXCEEDED":
        if not status.connected:
            return Unreachable(f"{url} does not accept connections", "is the host up?")
        line = f"{call} got no whole answer within {period(status.timeout_s)}"
        return TimedOut(line, "the server may be busy or stuck")
    if status.code in _NOT_GRPC and _HTTP.search(details):
        hint = "its gRPC ports are others, 7070 and 7071 by default"
        return NotTorchServe(f"{url} does not speak gRPC", hint)
    if status.code == "UNAVAILABLE":
        return unreachable(url, reason_of(details))
    if status.code == "RESOURCE_EXHAUSTED" and "larger than max" in details:
        return TooLarge(f"{call}: {excerpt(details)}", "is this a TorchServe's address?")
    if status.code == "CANCELLED" and "RST_STREAM" in details:
        hint = "this happens where the request is larger than the server's max_request_size"
        return ApiError(413, "", f"the server broke {call} off", hint)
    if status.code == "UNIMPLEMENTED":
        return ApiError(501, "", f"this server has no {call}", "`tsmon doctor` shows its version")
    return None


def reason_of(details: str) -> str:
    """Why there is no connection, without the addresses that gRPC tried."""
    return excerpt(_TRIED.sub("", details.rpartition("last error: ")[2] or details))


def _without_reason(status: Status) -> ApiError:
    """An error of the server that says nothing, or nothing that is known."""
    hint = ""
    if not status.details:
        hint = "the server's log has the reason, and over HTTP it would be in the answer"
        if status.call == "RegisterModel":
            hint = "`tsmon models` shows whether this version is registered already; " + hint
        if status.call == "UnregisterModel":
            hint = "a default version goes last, after the others; " + hint
    words = excerpt(status.details) or f"gRPC {status.call} failed without a reason"
    return ApiError(_CODES_OF_STATUS.get(status.code, 500), "", f"{words} ({status.code})", hint)
