"""tsmon's windows beside Prometheus' own arithmetic over the same stretch of time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from tests.integration.prometheus.scenario import Scenario
from tests.integration.prometheus.server import JOB
from tsmon.telemetry.prometheus.client import Prometheus, Series
from tsmon.telemetry.scrape import INFERENCE_US, QUEUE_US, REQUESTS, Scrape, SeriesKey
from tsmon.telemetry.traffic import Traffic, TrafficMeter, Usage

WINDOW_S = 8.0
WHOLE_PHASE_S = 3600.0
EDGE_S = 0.0005
"""Half of the millisecond to which Prometheus keeps time."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What is compared of one model."""

    per_second: float
    inference_ms: float
    queue_ms: float

    def by_quantity(self) -> dict[str, float]:
        """As a person calls them."""
        return {
            "requests/s": self.per_second,
            "inference ms": self.inference_ms,
            "queue ms": self.queue_ms,
        }


@dataclass(frozen=True, slots=True)
class Window:
    """One reading of tsmon's."""

    at: float
    """Its end, Unix time."""
    model: str
    usage: Usage

    @property
    def figures(self) -> Figures | None:
        """None where there was no traffic, so that there is nothing to compare."""
        inference_ms, queue_ms = self.usage.inference_ms, self.usage.queue_ms
        if isinstance(inference_ms, str) or isinstance(queue_ms, str) or not self.usage.arrived:
            return None
        return Figures(self.usage.per_second, inference_ms, queue_ms)


@dataclass(frozen=True, slots=True)
class Pair:
    """One figure of tsmon's and the one of Prometheus' beside it."""

    ours: float
    theirs: float

    @property
    def difference(self) -> float:
        """Relative to Prometheus' figure."""
        return abs(self.ours - self.theirs) / self.theirs


@dataclass(slots=True)
class Largest:
    """The pair that differs most for each quantity and model, and how many windows there were."""

    pairs: dict[tuple[str, str], Pair] = field(default_factory=dict)
    windows: int = 0

    def add(self, model: str, ours: Figures, theirs: Figures) -> None:
        """Take one more window into account."""
        self.windows += 1
        beside = theirs.by_quantity()
        for quantity, figure in ours.by_quantity().items():
            pair = Pair(figure, beside[quantity])
            worst = self.pairs.setdefault((quantity, model), pair)
            if pair.difference > worst.difference:
                self.pairs[quantity, model] = pair

    def of(self, *quantities: str) -> float:
        """The largest relative difference of these quantities."""
        return max(pair.difference for (name, _), pair in self.pairs.items() if name in quantities)


def windows(
    scrapes: Iterable[Scrape], phase: tuple[float, float], window_s: float = WINDOW_S
) -> Iterator[Window]:
    """The windows that lie in a phase, of one meter that saw everything before it too."""
    begin, end = phase
    shortest = (WINDOW_S if window_s == WHOLE_PHASE_S else window_s) - 1.5
    for scrape, key, traffic in closed(scrapes, TrafficMeter(window_s)):
        usage, at = traffic.window, scrape.at.wall.timestamp()
        if not isinstance(usage, Usage) or usage.seconds < shortest:
            continue
        if at - usage.seconds > begin - EDGE_S and at < end + EDGE_S:
            yield Window(at, key.model, usage)


def closed(
    scrapes: Iterable[Scrape], meter: TrafficMeter
) -> Iterator[tuple[Scrape, SeriesKey, Traffic]]:
    """The traffic of each series at each scrape that closes an interval.

    At one that comes soon after another the meter gives the interval and the windows of before.
    """
    last: dict[SeriesKey, Traffic] = {}
    for scrape in scrapes:
        found = meter.observe(scrape)
        for key, traffic in found.items():
            if key not in last or traffic.interval is not last[key].interval:
                yield scrape, key, traffic
        last = found


async def compare_with_rate(
    prometheus: Prometheus, scenario: Scenario, ours: Iterable[Window]
) -> Largest:
    """With `rate()` over the same window; ratios of two rates for milliseconds per request."""
    largest = Largest()
    for window in ours:
        range_ = f"[{_range_ms(window)}ms]"
        rates = [
            await _one_value(
                prometheus,
                f"rate({name}{_selector(scenario, window.model)}{range_})",
                window.at,
            )
            for name in (REQUESTS, INFERENCE_US, QUEUE_US)
        ]
        figures = window.figures
        if figures is not None:
            largest.add(window.model, figures, _figures(*rates))
    return largest


async def compare_with_pairs(
    prometheus: Prometheus, scenario: Scenario, ours: Iterable[Window]
) -> Largest:
    """With the increases between the raw samples of the window, added up."""
    largest = Largest()
    for window in ours:
        names = "|".join((REQUESTS, INFERENCE_US, QUEUE_US))
        selector = _selector(scenario, window.model).replace("{", f'{{__name__=~"{names}",')
        found = await prometheus.query(f"{selector}[{_range_ms(window)}ms]", window.at)
        by_name = {series.labels["__name__"]: series for series in found}
        times = [sample.at for sample in by_name[REQUESTS].samples]
        seconds = times[-1] - times[0]
        rates = [increase(by_name[name]) / seconds for name in (REQUESTS, INFERENCE_US, QUEUE_US)]
        figures = window.figures
        if figures is not None:
            largest.add(window.model, figures, _figures(*rates))
    return largest


def increase(series: Series) -> float:
    """What the raw samples grew by; after a fall the whole value is growth, as in Prometheus."""
    values = [sample.value for sample in series.samples]
    return sum(after - before if after >= before else after for before, after in pairwise(values))


async def total_increases(
    prometheus: Prometheus, scenario: Scenario, until: float
) -> Mapping[str, tuple[float, float]]:
    """By model: the first sample of the requests, and their increase since."""
    selector = f'{REQUESTS}{{instance="{scenario.server.instance}",job="{JOB}"}}[1h]'
    found = await prometheus.query(selector, until)
    return {
        series.labels["model_name"]: (series.samples[0].value, increase(series)) for series in found
    }


def counted(scrape: Scrape) -> dict[str, float]:
    """Requests since the start of TorchServe by model."""
    return {
        model: sum(sums.requests for key, sums in scrape.series.items() if key.model == model)
        for model in {key.model for key in scrape.series}
    }


def arrived(scrapes: Iterable[Scrape], model: str) -> float:
    """Requests to a model in all intervals of one meter, added up."""
    return sum(
        traffic.interval.arrived
        for _, key, traffic in closed(scrapes, TrafficMeter())
        if key.model == model and isinstance(traffic.interval, Usage)
    )


def phase_of(scrapes: Iterable[Scrape], phase: tuple[float, float]) -> list[Scrape]:
    """The scrapes taken in a phase."""
    begin, end = phase
    return [each for each in scrapes if begin - EDGE_S < each.at.wall.timestamp() < end + EDGE_S]


def _range_ms(window: Window) -> int:
    # One more, since Prometheus 3 leaves the first moment of a range out.
    return round(window.usage.seconds * 1000) + 1


def _figures(requests: float, inference_us: float, queue_us: float) -> Figures:
    return Figures(requests, inference_us / requests / 1000, queue_us / requests / 1000)


def _selector(scenario: Scenario, model: str) -> str:
    labels = {"instance": scenario.server.instance, "job": JOB, "model_name": model}
    return "{" + ",".join(f'{label}="{value}"' for label, value in labels.items()) + "}"


async def _one_value(prometheus: Prometheus, expression: str, at: float) -> float:
    (series,) = await prometheus.query(expression, at)
    return series.samples[0].value
