"""Everything that can go wrong between tsmon and a TorchServe, as one tree.

    TorchServeError
    ├── Unreachable            there is no connection to it, or it broke
    │   └── NothingListens     no one listens at that port of this machine
    ├── TimedOut               it listens, but did not answer in time
    ├── TooLarge               its answer has more bytes than any of its kind
    ├── NotTorchServe          something else answered
    ├── InvalidArgument        refused here, before anything was sent
    │   └── Unaddressable      no path of the API leads to a model of this name
    ├── ReadOnly               a change was asked of a client opened read-only
    └── ApiError               TorchServe answered with an error; keeps its code, type and message
        ├── TokenRefused       400 InvalidKeyException: the key is missing, wrong or expired
        ├── ModelApiDisabled   405 on register or unregister: enable_model_api is false
        ├── NotFound           404: model, version, archive or path
        ├── Conflict           409: this version is already registered
        ├── NoCapacity         503 ServiceUnavailableException: no worker, or the queue is full
        ├── HandlerFailed      503 InternalServerException: the model's own code raised
        └── OutOfMemory        507: a worker ran out of memory, or was killed for it

Every error carries `hint`, one sentence with the way out, empty where there is none.
"""

from __future__ import annotations

from enum import StrEnum

from tsmon.untrusted.json import BadJson, parse_json

SERVER_ERROR = 500
"""The least HTTP status of an error that is the server's."""
TOKEN_HINT = "pass the server's key_file.json with --key-file"
READ_ONLY_HINT = (
    "start tsmon without --read-only, and check that no configuration sets read_only = true"
)
ONE_PORT_HINT = (
    "where inference and management share a port, TorchServe finds default versions alone; give "
    "them different ports in its config.properties"
)
MODEL_API_HINT = (
    "start the server with --enable-model-api, or put enable_model_api=true into its "
    "config.properties"
)


class TorchServeError(Exception):
    """Base of all errors of this package; `str()` is one line fit for a screen."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Unreachable(TorchServeError):
    """There is no connection to the address, or it broke."""


class NothingListens(Unreachable):
    """No one listens at that port of this machine, so a server can be started there."""


class TimedOut(TorchServeError):
    """The server accepted the request but did not answer within the verb's time-out."""


class TooLarge(TorchServeError):
    """The answer has more bytes than tsmon reads of one; the rest of it was not waited for."""


class NotTorchServe(TorchServeError):
    """The address answers, but not as a TorchServe does."""


class InvalidArgument(TorchServeError, ValueError):
    """A value that TorchServe would misread without an error; nothing was sent."""


class Unaddressable(InvalidArgument):
    """A model's name that fits into no path of the API, so that nothing can be asked of it."""


class ReadOnly(TorchServeError):
    """A change was asked of what was opened read-only; nothing was sent, started or stopped."""

    def __init__(self, message: str = "this is a read-only session", hint: str = "") -> None:
        super().__init__(message, hint or READ_ONLY_HINT)


class ApiError(TorchServeError):
    """TorchServe's own error answer."""

    def __init__(self, code: int, type_: str, message: str, hint: str = "") -> None:
        super().__init__(message or f"HTTP {code}", hint)
        self.code = code
        """HTTP status of the answer."""
        self.type = type_
        """TorchServe's exception name, for example `ModelNotFoundException`."""

    def __str__(self) -> str:
        return f"{self.code} {self.type}: {self.message}" if self.type else self.message


class KeyProblem(StrEnum):
    """Why a token was refused; TorchServe answers the same 400 to all three."""

    MISSING = "missing"
    WRONG = "wrong"
    EXPIRED = "expired"


class TokenRefused(ApiError):
    """400 InvalidKeyException: the token is missing, expired or another server's."""

    def __init__(self, code: int, type_: str, message: str, problem: KeyProblem, hint: str) -> None:
        super().__init__(code, type_, message, hint)
        self.problem = problem

    def __str__(self) -> str:
        return f"the server rejected the token: it is {self.problem}"


class ModelApiDisabled(ApiError):
    """405 on register or unregister of a server started without the model API."""


class NotFound(ApiError):
    """404: no such model, version, archive or path."""


class Conflict(ApiError):
    """409: this model version is already registered."""


class NoCapacity(ApiError):
    """503 ServiceUnavailableException: no worker, queue full or no job ticket."""


class HandlerFailed(ApiError):
    """503 InternalServerException: the model's handler raised or answered nonsense."""


class OutOfMemory(ApiError):
    """507: a worker reported or died from running out of memory."""


def api_error(code: int, type_: str, message: str) -> ApiError:
    """The error class that fits an error answer (contract: HTTP code plus exception type)."""
    if code == 503:
        capacity = type_ == "ServiceUnavailableException"
        return (NoCapacity if capacity else HandlerFailed)(code, type_, message)
    hint = _taken_or_gone(code, message)
    kind = {404: NotFound, 409: Conflict, 507: OutOfMemory}.get(code, ApiError)
    return kind(code, type_, message, hint)


def _taken_or_gone(code: int, message: str) -> str:
    """What to do where someone else may have registered or removed it meanwhile."""
    if code == 409:
        return (
            "`tsmon models` lists it; unregister it first, or give the archive a different version"
        )
    if code == 404 and message.startswith(("Model not found: ", "Model version")):
        return "`tsmon models` lists the registered models"
    return ""


def excerpt(words: str, most: int = 500) -> str:
    """The beginning of what an unknown server sent, as one line fit for a screen."""
    line = " ".join(words[: 2 * most].split())
    fit = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in line)
    return fit if len(words) <= 2 * most and len(fit) <= most else f"{fit[:most]}…"


def parse_error(body: bytes) -> tuple[str, str]:
    """Exception type and message in the body of an error answer, whatever its shape."""
    try:
        payload = parse_json(body)
    except BadJson:
        return "", excerpt(body.decode(errors="replace"))
    if not isinstance(payload, dict):
        return "", excerpt(str(payload))
    return str(payload.get("type", "")), str(payload.get("message") or payload.get("status") or "")
