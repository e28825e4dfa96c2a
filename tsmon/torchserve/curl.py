"""Requests to TorchServe as `curl` lines for a shell; keys stand in them as variables only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from msgspec import Struct

from tsmon.torchserve.addresses import SOCKET
from tsmon.torchserve.changes import model_path
from tsmon.torchserve.inference import predictions_path
from tsmon.torchserve.route import Route, shown_headers
from tsmon.torchserve.tokens import KeyKind, KeyRing
from tsmon.untrusted.secrets import masked
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
    route: Route = Route()

    def describe(self, name: str, version: str) -> str:
        """Read everything the server says about a version."""
        return self._line(self.addresses.management, model_path(name, version), MANAGEMENT)

    def scale(self, name: str, version: str, workers: int) -> str:
        """Give a version so many workers, as the monitor's own keys do."""
        query = urlencode({"min_worker": workers, "max_worker": workers, "synchronous": "false"})
        path = f"{model_path(name, version)}?{query}"
        return self._line(self.addresses.management, path, MANAGEMENT, method=("-X", "PUT"))

    def predict(
        self,
        name: str,
        version: str,
        file: Path,
        content_type: str = "application/octet-stream",
    ) -> str:
        """Send a file to a version."""
        path = predictions_path(name, version)
        body = ("-H", f"Content-Type: {content_type}", "--data-binary", f"@{file}")
        return self._line(self.addresses.inference, path, INFERENCE, body=body)

    def metrics(self) -> str:
        """Read the metrics."""
        return self._line(self.addresses.metrics, "/metrics")

    def _line(
        self,
        base: str,
        path: str,
        kind: KeyKind | None = None,
        *,
        method: Sequence[str] = (),
        body: Sequence[str] = (),
    ) -> str:
        words = ["curl", "-sS", *self._way()]
        if base.startswith(SOCKET):
            words += ["--unix-socket", base.removeprefix(SOCKET)]
            url = f"http://localhost{path}"
        else:
            url = base + path
        # An IPv6 address has brackets, which curl takes for a pattern without -g.
        words += ["-g"] if "[" in url else []
        line = shell_line([*words, *method, url])
        if self.route.bearer_file:
            line += f' -H "Authorization: Bearer $(cat {shell_line([self.route.bearer_file])})"'
        elif kind is not None and self.keys.headers(kind, base):
            line += f' -H "Authorization: Bearer ${VARIABLES[kind]}"'
        return f"{line} {shell_line(body)}" if body else line

    def _way(self) -> Iterator[str]:
        """What it takes besides the address; a header with a secret is left out."""
        route = self.route
        if isinstance(route.verify, str):
            yield from ("--cacert", route.verify)
        elif not route.verify:
            yield "-k"
        options = {"--cert": route.client_cert, "--key": route.client_key, "--proxy": route.proxy}
        for option, value in options.items():
            if value:
                yield from (option, masked(value))
        for name, value in shown_headers(route.headers):
            yield from ("-H", f"{name}: {value}")
