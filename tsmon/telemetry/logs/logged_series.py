"""Every metric that TorchServe writes into its log files, where /metrics publishes none.

    … - MemoryUsed.Megabytes:2171.7|#Level:Host|#hostname:h,timestamp:1796083406
    … - DigitsSeen.Count:1.0|#ModelName:m,Digit:7|#hostname:h,requestID:null,timestamp:1796083408

A line has a unit and no type. Those of TorchServe's own metrics are known; of any other the number
of values and their sum are kept, which is right for a counter, a gauge and a histogram alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from tsmon.telemetry.scrape import INFERENCE_US, QUEUE_US, REQUESTS
from tsmon.telemetry.series.layout import COUNTER, GAUGE, SUMMARY, Family, declared, selector
from tsmon.telemetry.series.published import Published, publish

COUNTERS = frozenset(
    {REQUESTS, INFERENCE_US, QUEUE_US, "Requests2XX", "Requests4XX", "Requests5XX"}
)
GAUGES = frozenset(
    {
        *("CPUUtilization", "MemoryUsed", "MemoryAvailable", "MemoryUtilization"),
        *("DiskUsage", "DiskAvailable", "DiskUtilization"),
        *("GPUUtilization", "GPUMemoryUsed", "GPUMemoryUtilization"),
        *("QueueTime", "WorkerThreadTime", "WorkerLoadTime", "HandlerTime", "PredictionTime"),
    }
)
"""TorchServe's own, besides the counters."""
MOST_LOGGED = 5000
"""Series that are kept."""
_LINE = re.compile(
    rb" - ([a-zA-Z_:][\w:]{0,200})\.([^\s:|]{1,50}):(-?\d+(?:\.\d+)?(?:[eE][-+]?\d{1,3})?)"
    rb"\|#([^|\n]{0,2000})\|#(?:type:\w+\|#)?hostname:([^,\n]{0,255})"
)
_DIMENSION = re.compile(r"(?:^|,)([a-zA-Z_]\w*):", re.ASCII)
_Key = tuple[bytes, bytes, bytes, bytes]


class _Seen(Struct):
    count: float = 0.0
    sum: float = 0.0
    last: float = 0.0


class LoggedSeries:
    """Takes the lines of ts_metrics.log and model_metrics.log."""

    def __init__(self) -> None:
        self._seen: dict[_Key, _Seen] = {}
        self._published: Published | None = None
        self._left_out = 0

    def add(self, text: bytes) -> None:
        """Take more lines."""
        for name, unit, value, dimensions, host in _LINE.findall(text):
            key = name, unit, dimensions, host
            seen = self._seen.get(key)
            if seen is None:
                if len(self._seen) >= MOST_LOGGED:
                    self._left_out += 1
                    continue
                seen = self._seen[key] = _Seen()
            number = float(value)
            seen.count += 1
            seen.sum += number
            seen.last = number
            self._published = None

    @property
    def published(self) -> Published:
        """What was read so far, as a scrape has it."""
        if self._published is None:
            self._published = self._publish()
        return self._published

    def _publish(self) -> Published:
        families: dict[str, Family] = {}
        samples: list[tuple[str, float]] = []
        for (name, unit, dimensions, host), seen in sorted(self._seen.items()):
            family = families.get(text := name.decode())
            if family is None:
                family = families[text] = _family(text, unit.decode(errors="replace"))
            labels = (*_labels(dimensions), ("Hostname", host.decode(errors="replace")))
            samples += _samples(family, labels, seen)
        lines = [line for family in families.values() for line in declared(family)]
        published = publish(samples, lines)
        return Published(
            published.layout, published.blocks, published.left_out + self._left_out, FROM_LOGS
        )


FROM_LOGS = "from the log files, since they are read"


def _family(name: str, unit: str) -> Family:
    kind = COUNTER if name in COUNTERS else GAUGE if name in GAUGES else SUMMARY
    words = f"Values of the log files with unit: {unit}"
    return Family(
        name, kind, f"{words} (their type is not in the log)" if kind == SUMMARY else words
    )


def _labels(dimensions: bytes) -> Iterator[tuple[str, str]]:
    """The dimensions of a line; a comma in a value is not escaped there."""
    text = dimensions.decode(errors="replace")
    found = list(_DIMENSION.finditer(text))
    ends = [match.start() for match in found[1:]] + [len(text)]
    for match, end in zip(found, ends, strict=False):
        yield match[1], text[match.end() : end]


def _samples(
    family: Family, labels: tuple[tuple[str, str], ...], seen: _Seen
) -> Iterator[tuple[str, float]]:
    if family.kind == SUMMARY:
        yield selector(f"{family.name}_count", labels), seen.count
        yield selector(f"{family.name}_sum", labels), seen.sum
    else:
        yield selector(family.name, labels), seen.sum if family.kind == COUNTER else seen.last
