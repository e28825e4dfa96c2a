"""The fake's tokens and the key file that tells them."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from tests.fake import answers
from tests.secrecy import hand_out

PAST = datetime(2001, 2, 3, 4, 5, 6, 7, tzinfo=UTC)

_numbers = count(1)


class Keys:
    """Management, inference and API key; without a path there are none and nothing is checked."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.life = timedelta(hours=1)
        self._values: dict[str, str] = {}
        self._ends: dict[str, datetime] = {}

    def renew(self, *kinds: str) -> None:
        """Make new keys, void the old ones and write the file."""
        for kind in kinds:
            key = f"{kind[0]}-{next(_numbers):06d}"
            self._values[kind] = hand_out(key, self.path) if self.path else key
            self._ends[kind] = datetime.now(UTC) + self.life
        self._write()

    def expire(self, *kinds: str) -> None:
        """As if the keys' time were over, which the file then says too."""
        self._ends.update(dict.fromkeys(kinds, PAST))
        self._write()

    def age(self, passed: timedelta) -> None:
        """As if the keys and their file had been made that long before."""
        self._ends = {kind: ends - passed for kind, ends in self._ends.items()}
        self._write()
        if self.path is not None:
            made = (datetime.now(UTC) - passed).timestamp()
            os.utime(self.path, (made, made))

    def check(self, request: httpx.Request, kind: str) -> None:
        """Refuse a request without this key."""
        if self.path is None:
            return
        given = request.headers.get("Authorization")
        over = kind != "API" and self._ends[kind] <= datetime.now(UTC)
        if given != f"Bearer {self._values[kind]}" or over:
            raise answers.bad_token("Authentication" if kind == "API" else "Authorization")

    def _write(self) -> None:
        if self.path is None:
            return
        self.path.write_text(json.dumps({kind: self._entry(kind) for kind in self._values}))
        self.path.chmod(0o600)

    def _entry(self, kind: str) -> dict[str, Any]:
        entry = {"key": self._values[kind]}
        if kind != "API":
            # Java writes nine fraction digits.
            entry["expiration time"] = f"{self._ends[kind]:%Y-%m-%dT%H:%M:%S.%f}000Z"
        return entry
