"""The log lines that a recording has: the words of workers that failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tsmon.telemetry.logbook.line import LogLine, parse_line
from tsmon.telemetry.logs.zone import LogZone

if TYPE_CHECKING:
    from tsmon.telemetry.logs.causes import Cause
    from tsmon.telemetry.past import Past
    from tsmon.telemetry.snapshot import Snapshot


class RecordedFeed:
    """The causes of failures as lines, each cause once, in the order they were noticed in."""

    problem = ""

    def __init__(self, past: Past) -> None:
        self._past = past
        self.zone = LogZone()
        self._seen: set[Cause] = set()
        self._read = float("-inf")

    def read(self) -> list[LogLine]:
        """The lines of the ticks that were read since the last call."""
        new = self._past.since(self._read)
        self._read = new[-1].at.monotonic if new else self._read
        return [parse_line(line) for cause in self._causes(new) for line in recorded_lines(cause)]

    def close(self) -> None:
        """There is nothing to let go of."""

    def _causes(self, ticks: Iterable[Snapshot]) -> Iterator[Cause]:
        for tick in ticks:
            for model in tick.models:
                if model.cause is not None and model.cause not in self._seen:
                    self._seen.add(model.cause)
                    yield model.cause


def recorded_lines(cause: Cause) -> list[bytes]:
    """A cause as TorchServe wrote it into model_log; the recording has no other lines."""
    stamp = cause.time.isoformat(timespec="milliseconds").replace(".", ",")
    words = cause.detail_lines or (cause.message,)
    if not cause.worker_id:
        return [f"{stamp} - {text}".encode() for text in words]
    thread = f"W-{cause.worker_id}-{cause.model}_{cause.version}-stdout"
    return [f"{stamp} [INFO ] {thread} MODEL_LOG - {text}".encode() for text in words]
