"""The reason why a server is not reached, and the way out that fits it."""

from __future__ import annotations

import pytest

from tsmon.torchserve.errors import NothingListens
from tsmon.torchserve.unreachable import hint_for_answer, unreachable

FAILED = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: "


@pytest.mark.parametrize(
    ("words", "reason", "hint"),
    [
        (
            f"{FAILED}self-signed certificate (_ssl.c:1016)",
            "its certificate is not trusted: self-signed certificate",
            "pass the certificate of its authority with --ca-file, or trust any with --insecure",
        ),
        (
            f"{FAILED}unable to get local issuer certificate (_ssl.c:1016)",
            "its certificate is not trusted: unable to get local issuer certificate",
            "pass the certificate of its authority with --ca-file, or trust any with --insecure",
        ),
        (
            f"{FAILED}certificate has expired (_ssl.c:1016)",
            "its certificate has expired",
            "renew it, or accept it with --insecure",
        ),
        (
            f"{FAILED}Hostname mismatch, certificate is not valid for 'gpu'. (_ssl.c:1016)",
            "its certificate is for a different name",
            "use a name that is in it, or accept it with --insecure",
        ),
        (
            "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1016)",
            "it does not speak https",
            "use http://gpu:8444",
        ),
        (
            "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required",
            "it requires a client certificate that it trusts",
            "set client_cert and client_key of this server in the configuration",
        ),
        ("[Errno -2] Name or service not known", "there is no such host", "check the name"),
        (
            "[Errno 104] Connection reset by peer",
            "[Errno 104] Connection reset by peer",
            "if it asks for a client certificate, set client_cert and client_key of this server in "
            "the configuration",
        ),
        ("no route to host", "no route to host", ""),
    ],
)
def test_the_way_out_fits_the_reason(words: str, reason: str, hint: str) -> None:
    error = unreachable("https://gpu:8444", words)

    assert error.message == f"no TorchServe is answering at https://gpu:8444: {reason}"
    assert error.hint == hint
    assert not isinstance(error, NothingListens)


@pytest.mark.parametrize("words", ["connection refused", "All connection attempts failed"])
def test_a_server_is_only_to_be_started_where_nothing_listens_on_this_machine(words: str) -> None:
    here = unreachable("http://localhost:8081", words)
    there = unreachable("http://gpu7:8081", words)

    assert isinstance(here, NothingListens)
    assert "tsmon serve start" in here.hint
    assert not isinstance(there, NothingListens)
    assert "serve start" not in there.hint
    assert "127.0.0.1" in there.hint


def test_a_proxy_is_named_and_no_server_to_be_started_behind_it() -> None:
    error = unreachable("http://localhost:8081", "connection refused", "http://proxy:3128")

    assert error.message.endswith("connection refused (through the proxy http://proxy:3128)")
    assert not isinstance(error, NothingListens)


def test_a_plain_port_that_hangs_up_may_be_an_encrypted_one() -> None:
    error = unreachable("http://gpu:443", "Server disconnected without sending a response.")

    assert error.hint == "if that port is encrypted, use https://gpu:443"


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ("This TorchServe instance only accepts HTTPS requests", "use https://gpu"),
        ("<h1>The plain HTTP request was sent to HTTPS port</h1>", "use https://gpu"),
        ("<center>No required SSL certificate was sent</center>", "set client_cert and client_key"),
        ("Model not found: x", ""),
    ],
)
def test_an_answer_to_a_request_that_came_the_wrong_way(message: str, hint: str) -> None:
    assert hint_for_answer("http://gpu", message).startswith(hint)
    assert bool(hint_for_answer("http://gpu", message)) is bool(hint)
