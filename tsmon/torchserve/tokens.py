"""TorchServe's tokens: `key_file.json`, who reads it and what a refusal means.

TorchServe writes the file into its working directory, mode 0600, and again at each refresh; a
refresh voids the keys of every client at once, so the file is reload before a refusal is
believed.
"""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from tsmon.torchserve.addresses import Addresses, origin
from tsmon.torchserve.errors import TOKEN_HINT, KeyProblem, TorchServeError
from tsmon.torchserve.this_machine import is_loopback
from tsmon.units import KIB
from tsmon.untrusted.files import read_text
from tsmon.untrusted.json import parse_json
from tsmon.untrusted.secrets import never_show

MOST_KEY_FILE_BYTES = 64 * KIB
"""Of a key file; TorchServe's has 300 bytes."""

WRITING_S = 0.5
"""How long a key file may lag behind: TorchServe voids the old key before it writes the new one."""
KEY_FILE_POLL_S = 0.02


class KeyKind(StrEnum):
    """Which API a key opens; the values are the names in `key_file.json`."""

    MANAGEMENT = "management"
    INFERENCE = "inference"
    API = "API"


class KeyFileError(TorchServeError):
    """The key file cannot be read or is not a key file."""


@dataclass(frozen=True, slots=True)
class ServerKey:
    """One key; the API key has no expiry."""

    value: str = field(repr=False)
    expires: datetime | None = None

    def expired(self, now: datetime) -> bool:
        """Whether the key's time is over at `now` (aware)."""
        return self.expires is not None and now >= self.expires


def parse_key_file(text: str) -> dict[KeyKind, ServerKey]:
    """The keys in the text of a `key_file.json`.

    Raises:
        KeyFileError: it is no such file.
    """
    try:
        entries = parse_json(text)
        keys = {kind: _parse_key(entries[kind.value]) for kind in KeyKind if kind.value in entries}
        if not keys:
            raise ValueError("it contains no key")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise KeyFileError(f"not a TorchServe key file: {error}", TOKEN_HINT) from None
    return keys


def read_key_file(path: Path) -> dict[KeyKind, ServerKey]:
    """The keys in a `key_file.json`.

    Raises:
        KeyFileError: it cannot be read, or is no such file.
    """
    try:
        return parse_key_file(_text_of(path))
    except OSError as error:
        raise KeyFileError(f"cannot read {path}: {error.strerror or error}", TOKEN_HINT) from None


def _text_of(path: Path) -> str:
    return read_text(path, MOST_KEY_FILE_BYTES, errors="replace")


def _parse_key(entry: dict[str, Any]) -> ServerKey:
    value, expiry = entry["key"], entry.get("expiration time")
    if not isinstance(value, str) or not value.isascii() or not value.isprintable():
        raise ValueError("a key is not plain text")
    return ServerKey(value, _parse_time(expiry) if expiry else None)


def _parse_time(text: str) -> datetime:
    """TorchServe's UTC time of 6 to 9 fraction digits, cut to the microseconds Python knows."""
    trimmed = re.sub(r"(\.\d{6})\d+", r"\1", text)
    moment = datetime.fromisoformat(trimmed)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class KeyRing:
    """The keys of one server, read from its key file when they are first needed.

    It is the one place that gives a key away, and gives it only to the server that the file was
    named for, and to this machine: a key that is sent elsewhere belongs to anyone listening there.
    """

    def __init__(
        self, path: Path | None = None, owner: Addresses | None = None, *, own: bool = False
    ) -> None:
        """`owner` is the server the file was named for; without one only loopback gets a key.

        `own` is whether tsmon started that server, and may renew its keys before they end.
        """
        self.path = path
        self.owner = owner
        self.own = own
        self.written: datetime | None = None
        """When the file was written that the keys are from."""
        self._refused: dict[KeyKind, str] = {}
        """The last authorization that was refused and waited for without success."""
        self._keys: dict[KeyKind, ServerKey] = {}
        self._stamp: tuple[int, int] | None = None
        self.problem: KeyFileError | None = None
        """Why the file could not be read the last time, if so."""

    def key(self, kind: KeyKind) -> ServerKey | None:
        """The key for an API, or None when there is none to send."""
        self.reload()
        return self._keys.get(kind)

    def ends(self) -> dict[KeyKind, datetime]:
        """When each key ends that has an end."""
        self.reload()
        return {kind: key.expires for kind, key in self._keys.items() if key.expires is not None}

    def goes_to(self, url: str) -> bool:
        """Whether a key may be sent to this URL."""
        return is_loopback(url) or (self.owner is not None and origin(url) in self.owner.origins)

    def headers(self, kind: KeyKind, url: str) -> dict[str, str]:
        """The header that authorises a request to this URL; empty where no key may go there."""
        authorization = self.authorization(kind) if self.goes_to(url) else None
        return {"Authorization": authorization} if authorization else {}

    def authorization(self, kind: KeyKind) -> str | None:
        """The value of that header, wherever it may be sent."""
        key = self.key(kind)
        return f"Bearer {key.value}" if key else None

    async def changed_from(
        self, kind: KeyKind, refused: str | None, wait_s: float = WRITING_S
    ) -> bool:
        """Whether there is another key than the one in a `refused` authorisation header.

        Where there is none yet the file is looked at again for `wait_s` seconds, once for each key:
        the server may be about to write it.
        """
        deadline = time.monotonic() + (wait_s if refused != self._refused.get(kind) else 0)
        while True:
            self.reload(force=True)
            now = self.authorization(kind)
            if now is not None and now != refused:
                return True
            if refused is None or time.monotonic() >= deadline:
                break
            await asyncio.sleep(KEY_FILE_POLL_S)
        if refused is not None:
            self._refused[kind] = refused
        return False

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
        never_show(key.value for key in keys.values())
        self.written = datetime.fromtimestamp(stat.st_mtime, UTC)
        return changed

    def diagnose(
        self, kind: KeyKind, url: str, now: datetime | None = None
    ) -> tuple[KeyProblem, str]:
        """What is wrong with the key that the server at a URL refused, and the way out."""
        key = self._keys.get(kind)
        if self.path is not None and not self.goes_to(url):
            return KeyProblem.MISSING, self._withheld(url)
        if key is None:
            return KeyProblem.MISSING, self.problem.message if self.problem else TOKEN_HINT
        if key.expired(now or datetime.now(UTC)):
            return KeyProblem.EXPIRED, "`tsmon token refresh` makes the server issue a new one"
        return KeyProblem.WRONG, f"{self.path} belongs to a different or earlier server"

    def _withheld(self, url: str) -> str:
        owner = f"for {self.owner.label}" if self.owner else "for no server"
        return (
            f"{self.path} was given {owner}, so its keys are not sent to {origin(url)}; to send "
            "them there, pass --key-file and --server together"
        )
