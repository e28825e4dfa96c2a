"""TorchServe's answers: pretty-printed JSON, and errors with code, type and message."""

from __future__ import annotations

import json
from typing import Any

import httpx


class Refusal(Exception):
    """Leaves a handler with an error answer."""

    def __init__(self, code: int, type_: str, message: str) -> None:
        super().__init__(message)
        self.response = answer({"code": code, "type": type_, "message": message}, code)


def answer(payload: Any, code: int = 200) -> httpx.Response:
    return httpx.Response(
        code,
        text=json.dumps(payload, indent=2) + "\n",
        headers={"content-type": "application/json"},
    )


def status(text: str, code: int = 200) -> httpx.Response:
    return answer({"status": text}, code)


def no_such_path() -> Refusal:
    message = "Requested resource is not found, please refer to API document."
    return Refusal(404, "ResourceNotFoundException", message)


def wrong_method() -> Refusal:
    message = "Requested method is not allowed, please refer to API document."
    return Refusal(405, "MethodNotAllowedException", message)


def bad_request(message: str) -> Refusal:
    return Refusal(400, "BadRequestException", message)


def no_such_model(name: str) -> Refusal:
    return Refusal(404, "ModelNotFoundException", f"Model not found: {name}")


def no_such_version(message: str) -> Refusal:
    return Refusal(404, "ModelVersionNotFoundException", message)


def bad_token(what: str) -> Refusal:
    tail = "Token either incorrect, expired, or not provided correctly"
    return Refusal(400, "InvalidKeyException", f"Token {what} failed. {tail}")


def failed(code: int, message: str) -> Refusal:
    return Refusal(code, "InternalServerException", message)


def no_worker(name: str, version: str | None) -> Refusal:
    which = f'Model "{name}" Version {version}"' if version else f'Model "{name}"'
    message = (
        f"{which} has no worker to serve inference request. Please use scale workers API to add "
        "workers. If this is a sequence inference, please check if it is closed, or expired; or "
        "exceeds maxSequenceJobQueueSize"
    )
    return Refusal(503, "ServiceUnavailableException", message)
