"""The `tsmon` commands that do what a key of the monitor does, and texts without their secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.errors import InvalidArgument
from tsmon.torchserve.tokens import KeyKind, KeyRing
from tsmon.untrusted.shell import shell_line

HIDDEN = "***"
_CREDENTIALS = re.compile(r"(?<=://)[^\s/@'\"]+(?=@)")
_SIGNED = re.compile(r"(\bhttps?://[^\s?'\"]+\?)[^\s'\"]+", re.IGNORECASE)
_WITHIN = r"(?:(?!%40|%3F|%2F)[^\s&'\"])"
_CREDENTIALS_WITHIN = re.compile(rf"(?<=%3A%2F%2F){_WITHIN}+(?=%40)", re.IGNORECASE)
_SIGNED_WITHIN = re.compile(
    rf"(\bhttps?%3A%2F%2F(?:{_WITHIN}|%40|%2F)+%3F)[^\s&'\"]+", re.IGNORECASE
)
"""A URL as the value in another one's query, as access logs have that of an archive."""


@dataclass(frozen=True, slots=True)
class Commands:
    """Writes commands for one server, as a POSIX shell reads them."""

    addresses: Addresses
    keys: KeyRing
    verify: bool | str = True

    def describe(self, name: str, version: str) -> str:
        """Read all that the server tells of a version."""
        return self._line("describe", [name], version)

    def scale(self, name: str, version: str, workers: int) -> str:
        """Give a version so many workers."""
        return self._line("scale", [name, str(workers)], version)

    def predict(self, name: str, version: str, file: Path) -> str:
        """Send a file to a version."""
        return self._line("predict", [name, str(file)], version)

    def metrics(self) -> str:
        """Read the counters."""
        return self._line("metrics", [])

    def _line(self, verb: str, arguments: list[str], version: str = "") -> str:
        words = ["tsmon", verb, *self._server()]
        if version:
            words += ["--model-version", version]
        # A name may begin as an option does.
        words += ["--"] if any(word.startswith("-") for word in arguments) else []
        return shell_line([*words, *arguments])

    def _server(self) -> list[str]:
        words = self._addresses()
        if self.keys.path is not None:
            words += ["--key-file", str(self.keys.path)]
        if isinstance(self.verify, str):
            words += ["--ca-file", self.verify]
        return words if self.verify else [*words, "--insecure"]

    def _addresses(self) -> list[str]:
        addresses = self.addresses
        short = addresses.management.removeprefix("http://")
        try:
            if addresses == Addresses.from_server(short):
                return ["--server", short]
        except InvalidArgument:
            pass  # there is no port beside its own
        return [
            *("--inference-url", addresses.inference),
            *("--management-url", addresses.management),
            *("--metrics-url", addresses.metrics),
        ]


def without_secrets(text: str, keys: KeyRing | None = None) -> str:
    """A text without passwords and signatures in its URLs, and without the keys themselves."""
    for credentials in (_CREDENTIALS, _CREDENTIALS_WITHIN):
        text = credentials.sub(HIDDEN, text)
    for signed in (_SIGNED, _SIGNED_WITHIN):
        text = signed.sub(rf"\g<1>{HIDDEN}", text)
    for secret in _values(keys):
        text = text.replace(secret, HIDDEN)
    return text


def _values(keys: KeyRing | None) -> Iterable[str]:
    if keys is None:
        return []
    found = (keys.key(kind) for kind in KeyKind)
    return [key.value for key in found if key is not None and key.value]
