"""Reading of TorchServe's `/metrics` text.

TorchServe 0.12 writes it with the Java simpleclient 0.9: counters keep their name without `_total`,
and labels end in a comma. It never removes a series, so nearly all lines of a scrape are those of
the scrape before, and only the others are read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from tsmon.telemetry.exposition import is_number, is_quantity, read_declaration, read_sample
from tsmon.telemetry.series.layout import selector
from tsmon.telemetry.series.published import MOST_LINES, Published, Values
from tsmon.torchserve.errors import TorchServeError, excerpt

if TYPE_CHECKING:
    from tsmon.telemetry.instant import Instant

REQUESTS = "ts_inference_requests_total"
INFERENCE_US = "ts_inference_latency_microseconds"
QUEUE_US = "ts_queue_latency_microseconds"
_COUNTERS = (REQUESTS, INFERENCE_US, QUEUE_US)
SERVER_ERRORS = "Requests5XX"
"""Answers of 500 and above, on all ports; metrics_mode prometheus alone has it."""
LONGEST_EXCERPT = 80
"""Characters of what is no metric that are quoted."""
DEFAULT_VERSION_LABEL = "default"
"""The `model_version` of requests that named no version."""


class MetricsMode(StrEnum):
    """The server's `metrics_mode`, known from what `/metrics` answers."""

    PROMETHEUS = "prometheus"
    LEGACY = "legacy"
    LOG = "log"


class UnreadableScrape(TorchServeError):
    """The metrics address answered with something that is not Prometheus text."""


class SeriesKey(NamedTuple):
    """Which requests a counter counts: a model and the version its URL named, or `default`."""

    model: str
    version: str


class Counters(Struct, frozen=True):
    """The three sums TorchServe keeps for a series since it started."""

    requests: float = 0.0
    inference_us: float = 0.0
    queue_us: float = 0.0

    def __add__(self, other: Counters) -> Counters:
        return Counters(
            self.requests + other.requests,
            self.inference_us + other.inference_us,
            self.queue_us + other.queue_us,
        )

    def __sub__(self, other: Counters) -> Counters:
        return Counters(
            self.requests - other.requests,
            self.inference_us - other.inference_us,
            self.queue_us - other.queue_us,
        )

    def fell_below(self, earlier: Counters) -> bool:
        """Whether any of the sums is less than it was, which only a restart does."""
        return (
            self.requests < earlier.requests
            or self.inference_us < earlier.inference_us
            or self.queue_us < earlier.queue_us
        )


class Scrape(Struct, frozen=True):
    """One reading of `/metrics`."""

    at: Instant
    mode: MetricsMode
    series: Mapping[SeriesKey, Counters]
    published: Published = Published()
    """Every value of it, for who looks at one."""
    server_errors: float | None = None
    """Answers of 500 and above since the server's start; None where that is not published."""
    logged: bool = False
    """The series were added up from log files since tsmon began to read them."""
    lost_lines: int = 0
    """Lines that could not be read; the series they were of are not in it."""


def parse_scrape(text: str, at: Instant) -> Scrape:
    """Read a single scrape; see `ScrapeReader.read`."""
    return ScrapeReader().read(text, at)


class _Sample(NamedTuple):
    """What a line counts, whatever its number is."""

    text: str
    """All before the number."""
    name: str
    series: SeriesKey | None
    """Of one of the three counters."""


class ScrapeReader:
    """Reads the scrapes of one server, each at the cost of what changed since the one before."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._samples: list[_Sample | None] = []
        """Of each line; None where it is not valid."""
        self._values: list[float | None] = []
        """Of each line; None where it has none that a sum or a size can have."""
        self._types: dict[str, str] = {}
        self._unreadable: list[int] = []
        self._unsound: set[int] = set()
        """Lines of sums that none can be."""
        self._lines_of: dict[SeriesKey, list[int]] = {}
        self._errors: list[int] = []
        """Lines of the counter of the server's errors."""
        self._texts: list[str] = []
        """The lines without their numbers, until they are the layout."""
        self._layout = ""
        self._all_values = Values()
        self._series: dict[SeriesKey, Counters] = {}

    def read(self, text: str, at: Instant) -> Scrape:
        """Read the text of one scrape taken at `at`.

        Series that differ only in their host label are added up. A line that cannot be read is
        counted and costs its own series alone; so does one of TorchServe's counters that is NaN,
        infinite or negative, which none is.

        Raises:
            UnreadableScrape: most of the text is no Prometheus exposition.
        """
        lines = text.split("\n")
        if not self._take_changes(lines):
            self._take_all(lines)
        names = {_counter_name(name) for name in self._types}
        return Scrape(
            at,
            _mode(names),
            self._series,
            Published(self._layout, self._all_values.blocks(), max(len(lines) - MOST_LINES, 0)),
            self._error_count() if SERVER_ERRORS in names else None,
            lost_lines=len(self._unreadable) + len(self._unsound),
        )

    def _take_changes(self, lines: list[str]) -> bool:
        """Take the numbers that changed; False where more did than numbers."""
        if len(lines) != len(self._lines):
            return False
        pairs = enumerate(zip(self._lines, lines, strict=True))
        changed = [place for place, (before, now) in pairs if before != now]
        series = set()
        for place in changed:
            sample = self._samples[place]
            before, _, number = lines[place].rpartition(" ")
            if sample is None or before != sample.text or not is_number(number):
                return False
            self._put(place, sample, number)
            if sample.series is not None:
                series.add(sample.series)
        self._lines = lines
        if series:
            self._series = dict(self._series)  # the scrape before keeps its own
            self._add_up(series)
        return True

    def _take_all(self, lines: list[str]) -> None:
        known = {sample.text: sample for sample in self._samples if sample}
        before = self._layout
        ScrapeReader.__init__(self)
        self._lines = lines
        self._texts, self._all_values = [""] * len(lines), Values(len(lines))
        self._samples, self._values = [None] * len(lines), [None] * len(lines)
        for place, line in enumerate(lines):
            try:
                self._take(place, line, known)
            except ValueError:
                self._unreadable.append(place)
        if 2 * len(self._unreadable) > sum(1 for line in lines if line and not line.isspace()):
            worst = lines[self._unreadable[0]]
            ScrapeReader.__init__(self)
            raise UnreadableScrape(
                f"/metrics is not Prometheus text: {excerpt(worst, LONGEST_EXCERPT)}",
                "is this the metrics address?",
            )
        self._add_up(self._lines_of)
        layout = "\n".join(self._texts[:MOST_LINES])
        # The same object from scrape to scrape is packed and looked up once.
        self._layout, self._texts = before if layout == before else layout, []

    def _take(self, place: int, line: str, known: Mapping[str, _Sample]) -> None:
        if line.startswith("#"):
            name, type_ = read_declaration(line)
            if name:
                self._types[name] = type_ or self._types.get(name, "")
                self._texts[place] = line
            return
        before, _, number = line.rpartition(" ")
        sample = known.get(before)
        if sample is None or not is_number(number):
            if not line or line.isspace():
                return
            written = number
            name, labels, number = read_sample(line)
            # With a moment behind the number, or blanks, it is read in full each time.
            is_plain = before == name or before.endswith("}")
            same = is_number(written) and float(written) == float(number)
            text = before if is_plain and same else ""
            sample = _Sample(text, name, _series_of(name, labels))
            self._texts[place] = text or selector(name, tuple(labels.items()))
        else:
            self._texts[place] = sample.text
        self._types.setdefault(sample.name, "")
        self._samples[place] = sample
        if _counter_name(sample.name) == SERVER_ERRORS:
            self._errors.append(place)
        if sample.series is not None:
            self._lines_of.setdefault(sample.series, []).append(place)
        self._put(place, sample, number)

    def _put(self, place: int, sample: _Sample, number: str) -> None:
        value = float(number)
        self._all_values.put(place, value)
        sound = self._values[place] = value if is_quantity(value) else None
        is_sum = sample.series is not None or _counter_name(sample.name) == SERVER_ERRORS
        if sound is None and is_sum:
            self._unsound.add(place)
        else:
            self._unsound.discard(place)

    def _add_up(self, series: Iterable[SeriesKey]) -> None:
        for key in series:
            sums = dict.fromkeys(_COUNTERS, 0.0)
            for place in self._lines_of[key]:
                sample, value = self._samples[place], self._values[place]
                if sample is None or value is None:
                    self._series.pop(key, None)
                    break
                sums[_counter_name(sample.name)] += value
            else:
                self._series[key] = Counters(*sums.values())

    def _error_count(self) -> float:
        return sum(self._values[place] or 0.0 for place in self._errors)


def _series_of(name: str, labels: Mapping[str, str]) -> SeriesKey | None:
    if _counter_name(name) not in _COUNTERS:
        return None
    version = labels.get("model_version", DEFAULT_VERSION_LABEL)
    return SeriesKey(labels.get("model_name", ""), version)


def _counter_name(name: str) -> str:
    """Without the suffix that other versions of the client library give every counter."""
    return name if name == REQUESTS else name.removesuffix("_total")


def _mode(names: set[str]) -> MetricsMode:
    if not names:
        return MetricsMode.LOG
    ours = {*_COUNTERS, REQUESTS.removesuffix("_total")}
    return MetricsMode.LEGACY if names <= ours else MetricsMode.PROMETHEUS
