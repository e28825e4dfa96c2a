"""The requests of the last minutes that ts_log has, for what begins to watch only now."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.logs.files import TS_LOG
from tsmon.logs.last_lines import lines_at_end
from tsmon.logs.lines import parse_stamp
from tsmon.telemetry.logs.duration_stats import DurationStats
from tsmon.telemetry.logs.request_lines import RequestLines
from tsmon.telemetry.logs.request_report import KEPT_S, RequestPhase, Samples, TimesKey

if TYPE_CHECKING:
    from tsmon.logs.time_zone import LogZone

EARLIER_BYTES = 64 << 20
"""Of the end of ts_log, 24,000 requests."""
_WAITED = b" - Waiting time ns: "
_REGISTERED = re.compile(rb" \S+ModelVersionedRefs - Adding new version (.+) for model (.+)$")


class EarlierRequests(Struct, frozen=True):
    """Requests to one version that were answered before tsmon began to watch."""

    backend: DurationStats
    """Of the time a worker needed for each."""
    queue_ms: float
    """On average."""
    seconds: float
    """From the first of them to the last."""
    until: datetime
    """When the last one was answered: this machine's local time, without a zone."""

    @property
    def per_second(self) -> float | None:
        """How many came each second while they came; None of too few."""
        return self.backend.count / self.seconds if self.seconds >= 1 else None


def read_earlier_requests(
    folder: Path, keys: Iterable[TimesKey], zone: LogZone, now: datetime
) -> EarlierRequests | None:
    """Those of the last `KEPT_S` seconds before `now`; None where there are none. It blocks.

    What was answered before the version was registered last does not count. `now` is this machine's
    local time, without a zone.
    """
    zone.look(folder)
    since = now - timedelta(seconds=KEPT_S)
    wanted = frozenset(keys)
    reader, samples = RequestLines(), Samples()
    first = last = None
    for line in lines_at_end(folder / TS_LOG, EARLIER_BYTES):
        added = _REGISTERED.search(line)
        if (
            added
            and TimesKey(added[2].decode(errors="replace"), added[1].decode(errors="replace"))
            in wanted
        ):
            samples, first, last = Samples(), None, None
        stamp = parse_stamp(line[:23].decode(errors="replace")) if _WAITED in line else None
        if stamp is None or (time := zone.here(stamp)) < since:
            continue
        found: dict[TimesKey, Samples] = {}
        reader.read(line + b"\n", found)
        for key in found.keys() & wanted:
            samples.queue.extend(found[key].queue)
            samples.backend.extend(found[key].backend)
            first, last = first or time, time
    if first is None or last is None:
        return None
    per_ms = RequestPhase.BACKEND.per_ms
    backend = DurationStats.of(each / per_ms for each in samples.backend)
    queue_ms = sum(samples.queue) / len(samples.queue) / per_ms
    return EarlierRequests(backend, queue_ms, (last - first).total_seconds(), last)
