"""TorchServe's tokens: `key_file.json`, who reads it and what a refusal means.

TorchServe writes the file into its working directory, mode 0600, and again at each refresh; a
refresh voids the keys of every client at once, so the file is read again before a refusal is
believed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from tsmon.torchserve.errors import TOKEN_HINT, KeyProblem, TorchServeError
from tsmon.untrusted.files import KIB, read_text
from tsmon.untrusted.json import parse_json

MOST_BYTES = 64 * KIB
"""Of a key file; TorchServe's has 300 bytes."""


class KeyKind(StrEnum):
    """Which API a key opens; the values are the names in `key_file.json`."""

    MANAGEMENT = "management"
    INFERENCE = "inference"
    API = "API"


class KeyFileError(TorchServeError):
    """The key file cannot be read or is none."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key; the API key has no expiry."""

    value: str = field(repr=False)
    expires: datetime | None = None

    def expired(self, now: datetime) -> bool:
        """Whether the key's time is over at `now` (aware)."""
        return self.expires is not None and now >= self.expires


def parse_key_file(text: str) -> dict[KeyKind, Key]:
    """The keys in the text of a `key_file.json`.

    Raises:
        KeyFileError: it is no such file.
    """
    try:
        entries = parse_json(text)
        keys = {kind: _parse_key(entries[kind.value]) for kind in KeyKind if kind.value in entries}
        if not keys:
            raise ValueError("no key is in it")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise KeyFileError(f"not a TorchServe key file: {error}", TOKEN_HINT) from None
    return keys


def read_key_file(path: Path) -> dict[KeyKind, Key]:
    """The keys in a `key_file.json`.

    Raises:
        KeyFileError: it cannot be read, or is no such file.
    """
    try:
        return parse_key_file(_text_of(path))
    except OSError as error:
        raise KeyFileError(f"cannot read {path}: {error.strerror or error}", TOKEN_HINT) from None


def _text_of(path: Path) -> str:
    return read_text(path, MOST_BYTES, errors="replace")


def _parse_key(entry: dict[str, Any]) -> Key:
    value, expiry = entry["key"], entry.get("expiration time")
    if not isinstance(value, str) or not value.isascii() or not value.isprintable():
        raise ValueError("a key is no plain text")
    return Key(value, _parse_time(expiry) if expiry else None)


def _parse_time(text: str) -> datetime:
    """TorchServe's UTC time of 6 to 9 fraction digits, cut to the microseconds Python knows."""
    trimmed = re.sub(r"(\.\d{6})\d+", r"\1", text)
    moment = datetime.fromisoformat(trimmed)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class KeyRing:
    """The keys of one server, read from its key file when they are first needed."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._keys: dict[KeyKind, Key] = {}
        self._stamp: tuple[int, int] | None = None
        self.problem: KeyFileError | None = None
        """Why the file could not be read the last time, if so."""

    def key(self, kind: KeyKind) -> Key | None:
        """The key for an API, or None when there is none to send."""
        self.reload()
        return self._keys.get(kind)

    def ends(self) -> dict[KeyKind, datetime]:
        """When each key ends that has an end."""
        self.reload()
        return {kind: key.expires for kind, key in self._keys.items() if key.expires is not None}

    def headers(self, kind: KeyKind) -> dict[str, str]:
        """The header that authorises a request, empty without a key."""
        key = self.key(kind)
        return {"Authorization": f"Bearer {key.value}"} if key else {}

    def reload(self, *, force: bool = False) -> bool:
        """Read the file if it changed, or with `force` anyway; whether the keys are other ones now.

        Without `force` a change within one tick of the file system's clock is not noticed.
        """
        if self.path is None:
            return False
        try:
            stat = self.path.stat()
            stamp = (stat.st_mtime_ns, stat.st_ino)
            if stamp == self._stamp and not force:
                return False
            keys = parse_key_file(_text_of(self.path))
        except OSError as error:
            reason = error.strerror or str(error)
            self.problem = KeyFileError(f"cannot read {self.path}: {reason}", TOKEN_HINT)
            return False
        except KeyFileError as error:
            self.problem = KeyFileError(f"{self.path}: {error.message}", error.hint)
            return False
        changed = keys != self._keys
        self._keys, self._stamp, self.problem = keys, stamp, None
        return changed

    def diagnose(self, kind: KeyKind, now: datetime | None = None) -> tuple[KeyProblem, str]:
        """What is wrong with the key the server refused, and the way out."""
        key = self._keys.get(kind)
        if key is None:
            return KeyProblem.MISSING, self.problem.message if self.problem else TOKEN_HINT
        if key.expired(now or datetime.now(UTC)):
            return KeyProblem.EXPIRED, "refresh it (tsmon token refresh) or restart the server"
        return KeyProblem.WRONG, f"{self.path} belongs to another or an earlier server"
