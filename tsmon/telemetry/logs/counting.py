"""The three counters out of ts_metrics.log, which has one line for each step they take.

With `metrics_mode=log` TorchServe publishes no counters but writes every increment to this file:

    … - ts_inference_requests_total.Count:1.0|#model_name:m,model_version:default|#hostname:h,…
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tsmon.telemetry.scrape import INFERENCE_US, QUEUE_US, REQUESTS, Counters, SeriesKey

_INCREMENT = re.compile(
    rb" - (ts_inference_requests_total|ts_inference_latency_microseconds"
    rb"|ts_queue_latency_microseconds)\.\w+:([\d.Ee+]+)"
    rb"\|#model_name:([^|]*),model_version:([^,|]*)\|"
)


class LoggedCounters:
    """Adds up the increments read so far, as the server's own counters would."""

    def __init__(self) -> None:
        self.series: dict[SeriesKey, Counters] = {}

    def add(self, lines: Iterable[bytes]) -> None:
        """Take more lines of ts_metrics.log."""
        for line in lines:
            match = _INCREMENT.search(line)
            if match is None:
                continue
            name, value, model, version = match.groups()
            key = SeriesKey(model.decode(errors="replace"), version.decode(errors="replace"))
            step = _step(name.decode(), float(value))
            self.series[key] = self.series.get(key, Counters()) + step


def _step(name: str, value: float) -> Counters:
    if name == REQUESTS:
        return Counters(requests=value)
    if name == INFERENCE_US:
        return Counters(inference_us=value)
    assert name == QUEUE_US  # noqa: S101 (the pattern has no other name)
    return Counters(queue_us=value)
