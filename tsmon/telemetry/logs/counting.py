"""The three counters out of ts_metrics.log, which has one line for each step they take.

With `metrics_mode=log` TorchServe publishes no counters but writes every increment to this file:

    … - ts_inference_requests_total.Count:1.0|#model_name:m,model_version:default|#hostname:h,…
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from tsmon.telemetry.scrape import INFERENCE_US, QUEUE_US, REQUESTS, Counters, SeriesKey

_OURS = b" - ts_"
_INCREMENT = re.compile(rb" - (ts_\w+)\.\w+:(\d[\d.]*(?:E\d{1,2})?)\|#([^|]*)\|")
_LABELS = re.compile(r"^model_name:(.*),model_version:([^,]*)$")
_NAMES = {name.encode(): name for name in (REQUESTS, INFERENCE_US, QUEUE_US)}


class LoggedCounters:
    """Adds up the increments read so far, as the server's own counters would."""

    def __init__(self) -> None:
        self._sums: dict[bytes, defaultdict[bytes, float]] = {
            name: defaultdict(float) for name in _NAMES
        }

    def add(self, lines: Iterable[bytes]) -> None:
        """Take more lines of ts_metrics.log."""
        sums = self._sums
        for line in lines:
            match = _INCREMENT.search(line) if _OURS in line else None
            if match is None:
                continue
            name, value, labels = match.groups()
            if name in sums:
                sums[name][labels] += _number(value)

    @property
    def series(self) -> dict[SeriesKey, Counters]:
        """The sums by model and version, as a scrape has them."""
        requests, inference, queue = (self._sums[name] for name in _NAMES)
        found = {}
        for labels in {**requests, **inference, **queue}:
            match = _LABELS.match(labels.decode(errors="replace"))
            if match is not None:
                found[SeriesKey(*match.groups())] = Counters(
                    requests.get(labels, 0.0), inference.get(labels, 0.0), queue.get(labels, 0.0)
                )
        return found


def _number(text: bytes) -> float:
    """A step; 0 for what is none, such as 1.2.3."""
    try:
        return float(text)
    except ValueError:
        return 0.0
