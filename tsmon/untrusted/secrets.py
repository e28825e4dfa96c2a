r"""Secrets in text: the one place that takes them out before a text is shown, copied or kept.

Known are the keys that this process has read, and two kinds by their look: user and password of a
URL, and its query, where a presigned URL has its signature.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

HIDDEN = "***"
SHORTEST = 8
"""Characters of the shortest key that is looked for; TorchServe's have that many."""

_known: set[str] = set()

# Each of them consumes what it looked at, so that no text takes more than linear time.
_SCHEME = r"[a-z][a-z0-9+.-]{0,20}"
_CREDENTIALS = re.compile(r"(?<=://)[^\s/'\"<>]+(?=@)")
_URL = re.compile(rf"({_SCHEME}://[^\s?'\"<>]*)(\?[^\s'\"<>]+)?", re.IGNORECASE)
# A URL as the value in another one's query, as access logs have that of an archive.
_QUOTED_CREDENTIALS = re.compile(
    r"(?:(?<=:%2F%2F)|(?<=%3A%2F%2F))(?:(?!%40|%3F|%2F)[^\s&'\"])+(?=%40)", re.IGNORECASE
)
_QUOTED_URL = re.compile(
    rf"({_SCHEME}(?::|%3A)%2F%2F(?:(?!%3F)[^\s&'\"])*)(%3F[^\s&'\"]+)?", re.IGNORECASE
)
_NO_SECRET = re.compile(r"\?(?:[\w.-]{1,40}=(?:\d{1,6}|true|false)(?:&|$))+")
"""A query of switches and small numbers, as TorchServe's own requests have."""


def never_show(secrets: Iterable[str]) -> None:
    """Have `masked` take these out of every text from now on."""
    _known.update(secret for secret in secrets if len(secret) >= SHORTEST)


def masked(text: str) -> str:
    """The text without known secrets, and without passwords and queries in its URLs."""
    if "://" in text:
        text = _URL.sub(_without_query, _CREDENTIALS.sub(HIDDEN, text))
    if "%2F%2F" in text or "%2f%2f" in text:
        text = _QUOTED_URL.sub(_without_query, _QUOTED_CREDENTIALS.sub(HIDDEN, text))
    for secret in _known:
        text = text.replace(secret, HIDDEN)
    return text


def masked_address(text: str) -> str:
    """What someone gave as an address, without the password that may be anywhere in it.

    It need not be a URL: `user:password@host`, or one whose password has a `/` in it.
    """
    scheme, slashes, rest = text.partition("://") if "://" in text else ("", "", text)
    at = rest.rfind("@")
    return masked(text if at < 0 else f"{scheme}{slashes}{HIDDEN}{rest[at:]}")


def without_path(text: str) -> str:
    """Where a URL goes, for one whose path is a secret, as a webhook's mostly is."""
    scheme, slashes, rest = text.partition("://")
    authority = rest.partition("/")[0].partition("?")[0].partition("#")[0].rpartition("@")[2]
    return f"{scheme}{slashes}{authority}/{HIDDEN}" if slashes and authority else HIDDEN


def masked_values(value: Any) -> Any:
    """A value for JSON with every text in it masked; other values stay as they are."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {masked_values(name): masked_values(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [masked_values(each) for each in value]
    return value


def _without_query(url: re.Match[str]) -> str:
    if not url[2] or _NO_SECRET.fullmatch(url[2]):
        return url[0]
    return f"{url[1]}{'?' if url[2].startswith('?') else '%3F'}{HIDDEN}"
