"""The `tsmon` commands that do what a key of the monitor does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.errors import InvalidArgument
from tsmon.torchserve.route import Route
from tsmon.untrusted.shell import shell_line

if TYPE_CHECKING:
    from tsmon.torchserve.tokens import KeyRing


class CommandWriter(Struct, frozen=True):
    """Writes commands for one server, as a POSIX shell reads them."""

    addresses: Addresses
    keys: KeyRing
    route: Route = Route()
    name: str = ""
    """What the configuration calls the server, which says all the rest."""

    def describe(self, name: str, version: str) -> str:
        """Read everything the server says about a version."""
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
        if self.name:
            return ["--server", self.name]
        words = self._addresses()
        if self.keys.path is not None and self.keys.goes_to(self.addresses.management):
            words += ["--key-file", str(self.keys.path)]
        verify = self.route.verify
        if isinstance(verify, str):
            words += ["--ca-file", verify]
        return words if verify else [*words, "--insecure"]

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
