"""Error answers become the exceptions that callers tell apart."""

from __future__ import annotations

import pytest

from tsmon.torchserve.errors import (
    ApiError,
    Conflict,
    HandlerFailed,
    NoCapacity,
    NotFound,
    OutOfMemory,
    api_error,
)


@pytest.mark.parametrize(
    ("code", "type_", "kind"),
    [
        (400, "BadRequestException", ApiError),
        (403, "InvalidModelVersionException", ApiError),
        (404, "ModelNotFoundException", NotFound),
        (409, "ConflictStatusException", Conflict),
        (500, "InternalServerException", ApiError),
        (503, "ServiceUnavailableException", NoCapacity),
        (503, "InternalServerException", HandlerFailed),
        (507, "InternalServerException", OutOfMemory),
    ],
)
def test_code_and_type_show_the_error(code: int, type_: str, kind: type[ApiError]) -> None:
    error = api_error(code, type_, "why")
    assert type(error) is kind
    assert str(error) == f"{code} {type_}: why"


def test_error_without_any_words_shows_its_code() -> None:
    assert str(api_error(502, "", "")) == "HTTP 502"
