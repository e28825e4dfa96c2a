"""What a status of gRPC means, in the words of the one tree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.torchserve.errors import (
    ApiError,
    Conflict,
    HandlerFailed,
    ModelApiDisabled,
    NoCapacity,
    NotFound,
    NothingListens,
    NotTorchServe,
    OutOfMemory,
    TimedOut,
    TooLarge,
    TorchServeError,
    Unreachable,
)
from tsmon.torchserve.grpc.errors import Status, error_of

CODES = ("CANCELLED", "INTERNAL", "NOT_FOUND", "RESOURCE_EXHAUSTED", "UNAVAILABLE", "UNKNOWN")
URL = "grpc://127.0.0.1:7070"
SAID = "org.pytorch.serve.archive.model."
INTERNAL = "org.pytorch.serve.http.InternalServerException"


def status(code: str, details: str, call: str = "Predictions", **more: object) -> Status:
    return Status(code, details, call, URL, 5.0, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "details", "kind"),
    [
        ("INTERNAL", f"Model not found: x\n{SAID}ModelNotFoundException", NotFound),
        ("NOT_FOUND", f"Model not found: x\n{SAID}ModelNotFoundException", NotFound),
        ("INTERNAL", f"Model version: 2\n{SAID}ModelVersionNotFoundException", NotFound),
        ("PERMISSION_DENIED", f"Model API disabled\n{SAID}ModelException", ModelApiDisabled),
        ("UNAVAILABLE", f"Prediction failed\n{INTERNAL}", HandlerFailed),
        ("RESOURCE_EXHAUSTED", f"out of memory\n{INTERNAL}", OutOfMemory),
        (
            "INTERNAL",
            'Model "x" has no worker to serve inference request.\nInternalServerException.()',
            NoCapacity,
        ),
        ("ALREADY_EXISTS", "there already\nConflictStatusException", Conflict),
        ("UNAVAILABLE", "failed; last error: UNKNOWN: Connection refused", NothingListens),
        ("UNAVAILABLE", "Trying to connect an http1.x server (HTTP status 400)", NotTorchServe),
        ("UNIMPLEMENTED", "Received http2 header with status: 404", NotTorchServe),
        ("DEADLINE_EXCEEDED", "Deadline Exceeded", TimedOut),
        ("RESOURCE_EXHAUSTED", "CLIENT: Received message larger than max (9 vs. 8)", TooLarge),
    ],
)
def test_each_status_is_the_error_that_it_means(
    code: str, details: str, kind: type[TorchServeError]
) -> None:
    assert type(error_of(status(code, details))) is kind


def test_the_exception_is_no_part_of_the_words() -> None:
    error = error_of(status("NOT_FOUND", f"Model not found: x\n{SAID}ModelNotFoundException"))
    assert str(error) == "404 ModelNotFoundException: Model not found: x"
    assert error.hint == "`tsmon models` lists the registered models"


def test_without_a_connection_a_deadline_is_of_the_host() -> None:
    error = error_of(status("DEADLINE_EXCEEDED", "", connected=False))
    assert type(error) is Unreachable
    assert str(error) == f"{URL} does not accept connections"


def test_a_request_that_is_cut_off_may_be_too_large() -> None:
    error = error_of(status("CANCELLED", "Stream removed (RST_STREAM with error code 8)"))
    assert isinstance(error, ApiError)
    assert "max_request_size" in error.hint


def test_a_method_that_the_server_is_too_old_for_is_named() -> None:
    error = error_of(status("UNIMPLEMENTED", "Method not found", "StreamPredictions"))
    assert str(error) == "this server has no gRPC StreamPredictions"


@pytest.mark.parametrize(
    ("call", "hint"),
    [("RegisterModel", "registered already"), ("UnregisterModel", "goes last"), ("Ping", "log")],
)
def test_where_the_server_says_nothing_it_is_said_where_to_look(call: str, hint: str) -> None:
    error = error_of(status("UNKNOWN", "", call))
    assert str(error) == f"gRPC {call} failed without a reason (UNKNOWN)"
    assert hint in error.hint


@given(code=st.sampled_from(CODES), details=st.text(max_size=2000))
def test_any_words_become_one_line_of_limited_length(code: str, details: str) -> None:
    words = str(error_of(status(code, details)))
    assert words.isprintable()
    assert len(words) < 800
