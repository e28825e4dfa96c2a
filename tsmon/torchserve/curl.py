"""Requests to TorchServe as `curl` lines for a shell; keys stand in them as variables only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from msgspec import Struct

from tsmon.torchserve.changes import model_path
from tsmon.torchserve.inference import predictions_path
from tsmon.torchserve.tokens import KeyKind, KeyRing
from tsmon.untrusted.shell import shell_line

if TYPE_CHECKING:
    from tsmon.torchserve.addresses import Addresses

MANAGEMENT, INFERENCE = KeyKind.MANAGEMENT, KeyKind.INFERENCE
VARIABLES = {MANAGEMENT: "MANAGEMENT_TOKEN", INFERENCE: "INFERENCE_TOKEN"}
"""The shell variables that stand for the keys of `key_file.json`."""


class Curl(Struct, frozen=True):
    """Writes the requests to one server, as a POSIX shell reads them."""

    addresses: Addresses
    keys: KeyRing
    verify: bool | str = True
    """As `TorchServe` takes it: False, or the path of a CA file."""

    def describe(self, name: str, version: str) -> str:
        """Read everything the server says about a version."""
        return self._line(self.addresses.management + model_path(name, version), MANAGEMENT)

    def scale(self, name: str, version: str, workers: int) -> str:
        """Give a version so many workers, as the monitor's own keys do."""
        query = urlencode({"min_worker": workers, "max_worker": workers, "synchronous": "false"})
        url = f"{self.addresses.management}{model_path(name, version)}?{query}"
        return self._line(url, MANAGEMENT, method=("-X", "PUT"))

    def predict(self, name: str, version: str, file: Path) -> str:
        """Send a file to a version."""
        url = self.addresses.inference + predictions_path(name, version)
        body = ("-H", "Content-Type: application/octet-stream", "--data-binary", f"@{file}")
        return self._line(url, INFERENCE, body=body)

    def metrics(self) -> str:
        """Read the metrics."""
        return self._line(f"{self.addresses.metrics}/metrics")

    def _line(
        self,
        url: str,
        kind: KeyKind | None = None,
        *,
        method: Sequence[str] = (),
        body: Sequence[str] = (),
    ) -> str:
        # An IPv6 address has brackets, which curl takes for a pattern without -g.
        plain = ["-g"] if "[" in url else []
        line = shell_line(["curl", "-sS", *self._security(), *plain, *method, url])
        if kind is not None and self.keys.headers(kind, url):
            line += f' -H "Authorization: Bearer ${VARIABLES[kind]}"'
        return f"{line} {shell_line(body)}" if body else line

    def _security(self) -> list[str]:
        if isinstance(self.verify, str):
            return ["--cacert", self.verify]
        return [] if self.verify else ["-k"]
