"""Requests to TorchServe as `curl` lines for a shell; keys stand in them as variables only."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.inference import predictions_path
from tsmon.torchserve.management import model_path
from tsmon.torchserve.tokens import KeyKind, KeyRing

VARIABLES = {
    KeyKind.MANAGEMENT: "MANAGEMENT_TOKEN",
    KeyKind.INFERENCE: "INFERENCE_TOKEN",
    KeyKind.API: "API_TOKEN",
}
"""The shell variables that stand for the keys of `key_file.json`."""


@dataclass(frozen=True, slots=True)
class Curl:
    """Writes the requests to one server, as a POSIX shell reads them."""

    addresses: Addresses
    keys: KeyRing
    verify: bool | str = True
    """As `TorchServe` takes it: False, or the path of a CA file."""

    def describe(self, name: str, version: str) -> str:
        """Read all that the server tells of a version."""
        url = self.addresses.management + model_path(name, version)
        return self._line([], url, KeyKind.MANAGEMENT)

    def scale(self, name: str, version: str, workers: int) -> str:
        """Give a version so many workers, as the monitor's own keys do."""
        query = urlencode({"min_worker": workers, "max_worker": workers, "synchronous": "false"})
        url = f"{self.addresses.management}{model_path(name, version)}?{query}"
        return self._line(["-X", "PUT"], url, KeyKind.MANAGEMENT)

    def predict(self, name: str, version: str, file: Path) -> str:
        """Send a file to a version."""
        body = ["-H", "Content-Type: application/octet-stream", "--data-binary", f"@{file}"]
        url = self.addresses.inference + predictions_path(name, version)
        return self._line(body, url, KeyKind.INFERENCE)

    def metrics(self) -> str:
        """Read the metrics."""
        return self._line([], f"{self.addresses.metrics}/metrics")

    def _line(self, options: list[str], url: str, kind: KeyKind | None = None) -> str:
        words = [shlex.quote(word) for word in ("curl", "-sS", *self._security(), *options)]
        if "[" in url:  # an IPv6 address; curl takes brackets for a pattern
            words.append("-g")
        if kind is not None and self.keys.key(kind) is not None:
            words += ["-H", f'"Authorization: Bearer ${VARIABLES[kind]}"']
        return " ".join([*words, shlex.quote(url)])

    def _security(self) -> list[str]:
        if isinstance(self.verify, str):
            return ["--cacert", self.verify]
        return [] if self.verify else ["-k"]
