"""What a server says of its workers beside describe: its version, and the answer to /ping.

From TorchServe 0.8 on /ping says Unhealthy when a worker of a default version has failed for longer
than TorchServe retries. Before, it says of each worker whether its process runs, which describe
shows as well.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.torchserve.errors import TorchServeError

if TYPE_CHECKING:
    from tsmon.telemetry.source import Description
    from tsmon.torchserve.inference import Inference
    from tsmon.torchserve.records import VersionKey

UNHEALTHY = "Unhealthy"
READY_IS_EARLY = "before TorchServe 0.6 READY shows a running process, not a loaded model"
PING_AGAIN_S = 30.0
_NUMBER = re.compile(r"(\d{1,4})\.(\d{1,4})(?:\D|$)")


class ServerSigns(Struct, frozen=True):
    """What is known of a server, for the verdicts on its workers."""

    version: str = ""
    """Empty where it is not known."""
    ping: str = ""
    """Empty where it was not asked, or gave no answer."""
    lacking: frozenset[VersionKey] = frozenset()
    """The default versions without as many ready workers as they should have: /ping means these."""

    @property
    def ready_means_running(self) -> bool:
        """Whether a worker is READY when its process runs, before its model is loaded."""
        return self._is_before(0, 6)

    @property
    def given_up(self) -> VersionKey | None:
        """The version whose workers /ping says to have failed for longer than TorchServe retries.

        None where it does not say so, or where it may mean one of several.
        """
        says_so = self.ping == UNHEALTHY and bool(self.version) and not self._is_before(0, 8)
        return next(iter(self.lacking)) if says_so and len(self.lacking) == 1 else None

    def _is_before(self, major: int, minor: int) -> bool:
        match = _NUMBER.match(self.version)
        return match is not None and (int(match[1]), int(match[2])) < (major, minor)


class PingWatch:
    """Asks for /ping while workers that it speaks of are not ready.

    TorchServe counts "Unhealthy" as an error of its own, which others see: after it /ping is asked
    again only when other models are concerned.
    """

    def __init__(self, inference: Inference) -> None:
        self._inference = inference
        self._about: frozenset[VersionKey] = frozenset()
        self._answer = ""
        self._next = 0.0

    async def look(self, models: Sequence[Description]) -> str:
        """The last answer; empty without one, and where every worker is ready."""
        about, now = lacking(models), time.monotonic()
        if about != self._about:
            self._about, self._answer, self._next = about, "", now
        if about and self._answer != UNHEALTHY and now >= self._next:
            self._next = now + PING_AGAIN_S
            try:
                self._answer = await self._inference.ping()
            except TorchServeError:
                self._answer = ""
        return self._answer


def lacking(models: Sequence[Description]) -> frozenset[VersionKey]:
    """The default versions that have fewer ready workers than they should."""
    return frozenset(
        (entry.model.name, entry.model.version)
        for entry in models
        if entry.is_default and entry.is_judged
        if entry.model.ready_workers < entry.model.min_workers
    )
