"""Why a server was not reached, and the way out that fits the reason."""

from __future__ import annotations

import re
from typing import NamedTuple

from tsmon.torchserve.errors import NothingListens, Unreachable
from tsmon.torchserve.this_machine import forwarded, is_here

_START = "start one with `tsmon serve start`, or choose another with --server"
_ELSEWHERE = "is TorchServe running there, and listening at more than its own 127.0.0.1?"
_TRUST = "pass the certificate of its authority with --ca-file, or trust any with --insecure"
_CLIENT_CERTIFICATE = "set client_cert and client_key of this server in the configuration"
_IN_POD = "it is forwarded again as soon as it can be; `kubectl get pods` shows how the pod is"
REFUSED = "connection refused"
_CUT_OFF_GRPC = "Socket closed"
_CUT_OFF = ("disconnected without", "reset by peer", _CUT_OFF_GRPC)


class _Known(NamedTuple):
    pattern: re.Pattern[str]
    reason: str
    """`{}` stands for what the pattern's group matched."""
    hint: str
    """`{}` stands for the address as it would be over the other scheme."""


def _known(pattern: str, reason: str, hint: str) -> _Known:
    return _Known(re.compile(pattern, re.IGNORECASE | re.DOTALL), reason, hint)


_CAUSES = (
    _known(
        r"VERIFY_FAILED.*?(certificate has expired|certificate is not yet valid)",
        "its {}",
        "renew it, or accept it with --insecure",
    ),
    _known(
        r"VERIFY_FAILED.*?((?:hostname|ip address) mismatch)[^(]*|hostname verification",
        "its certificate is for a different name",
        "use a name that is in it, or accept it with --insecure",
    ),
    _known(
        r"VERIFY_FAILED\S*\s*(?:certificate verify failed: )?(.*?)\s*(?:\(_ssl|: ok\b|$)",
        "its certificate is not trusted: {}",
        _TRUST,
    ),
    _known(
        r"WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE|UNKNOWN_PROTOCOL|HTTP_REQUEST",
        "it does not speak {}",
        "use {}",
    ),
    _known(
        r"CERTIFICATE_REQUIRED|ALERT_BAD_CERTIFICATE|HANDSHAKE_FAILURE|ALERT_UNKNOWN_CA",
        "it requires a client certificate that it trusts",
        _CLIENT_CERTIFICATE,
    ),
    _known(
        r"name or service not known|name resolution|nodename nor servname|no address associated"
        r"|domain name not found",
        "there is no such host",
        "check the name",
    ),
)
_ANSWERS = (
    _known(r"only accepts HTTPS|plain HTTP request was sent to HTTPS port", "", "use {}"),
    _known(r"(?:required SSL|SSL) certificate", "", _CLIENT_CERTIFICATE),
)
"""What servers, and those in front of them, answer to a request that was sent the wrong way."""


def unreachable(url: str, words: str, proxy: str = "") -> Unreachable:
    """The error for a server at a base URL; `words` is what the attempt ended with.

    Through a `proxy` it is not known which of the two refused.
    """
    to = forwarded(url)
    if to is not None:
        reason = to.problem() or words
        return Unreachable(f"no TorchServe is answering in {to.name()}: {reason}", _IN_POD)
    reason, hint = why(url, words)
    if proxy:
        reason, hint = f"{reason} (through the proxy {proxy})", "is the proxy the right one?"
    kind = NothingListens if reason == REFUSED and is_here(url) else Unreachable
    return kind(f"no TorchServe is answering at {url}: {reason}", hint)


def hint_for_answer(url: str, message: str) -> str:
    """What to do where the answer says that the request came the wrong way; empty if not."""
    known = next((each for each in _ANSWERS if each.pattern.search(message)), None)
    return known.hint.format(_other_scheme(url)) if known else ""


def why(url: str, words: str) -> tuple[str, str]:
    """Why nothing answers at a base URL, and the way out; empty where none is known."""
    for known in _CAUSES:
        if found := known.pattern.search(words):
            encryption = "TLS" if url.startswith("grpcs:") else "https"
            detail = (found[1] or "").lower() if found.lastindex else encryption
            return known.reason.format(detail), known.hint.format(_other_scheme(url))
    if "connection attempts failed" in words.lower() or "refused" in words.lower():
        return REFUSED, _START if is_here(url) else _ELSEWHERE
    cut_off = any(each in words for each in _CUT_OFF)
    if cut_off and url.startswith(("https:", "grpcs:")):
        # A server that asks for a certificate cuts the connection; its reason may be lost in that.
        return words, f"if it asks for a client certificate, {_CLIENT_CERTIFICATE}"
    if "disconnected without" in words or _CUT_OFF_GRPC in words:
        return words, f"if that port is encrypted, use {_other_scheme(url)}"
    return words, ""


def _other_scheme(url: str) -> str:
    scheme, rest = url.split(":", 1)
    return f"{scheme.removesuffix('s') if scheme.endswith('s') else f'{scheme}s'}:{rest}"
