"""What a Prometheus server is asked about many servers, in PromQL.

It makes the sums itself, so that an answer has a number for each server and model instead of all
its samples. `rate` gives (last - first) / (time of last - time of first) of the samples in its
window wherever these lie no further from its ends than from each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from tsmon.telemetry.prometheus.instances import quoted
from tsmon.telemetry.prometheus.samples import ANSWERS, WORKER_LOAD_MS
from tsmon.telemetry.scrape import INFERENCE_US, QUEUE_US, REQUESTS, SERVER_ERRORS

OWN = (ANSWERS[0], REQUESTS)
"""What a target that is a TorchServe exports, one of them at least."""
PAST_S = 3600
"""A target that exported them within that time is one, also while it is down."""
SHORT_S, LONGEST_INTERVAL_S = 32, 300
"""What is looked at to know in which interval a target is scraped: the longer one for few."""
WINDOW_SCRAPES = 4
"""Scrape intervals in a window; two scrapes are in it although one is missing or late."""
SHORTEST_WINDOW_S = 4
MODEL = ("model_name", "model_version")
WORKER_OF = "worker_of"
"""A label of our own: name and version of the model of a worker."""


def matcher(jobs: Iterable[str]) -> str:
    """The label matcher of some jobs, in braces; of none it lets all through."""
    names = sorted(set(jobs))
    return f"{{job=~{quoted('|'.join(map(re.escape, names)))}}}" if names else ""


def torchserves(jobs: Iterable[str]) -> str:
    """`up` of the targets that export TorchServe's metrics, or did within `PAST_S` seconds."""
    chosen = matcher(jobs)
    exported = " or ".join(
        f"count by (job, instance) (count_over_time({name}{chosen}[{PAST_S}s]))" for name in OWN
    )
    return f"up{chosen} and on (job, instance) ({exported})"


def windows_s(intervals_s: Iterable[float]) -> tuple[int, ...]:
    """The windows that fit targets which are scraped in these intervals, the shortest first.

    They are powers of two times `SHORTEST_WINDOW_S`, so that many intervals make few windows.
    """
    found = set[int]()
    for interval in intervals_s:
        window = SHORTEST_WINDOW_S
        while window < WINDOW_SCRAPES * interval:
            window *= 2
        found.add(window)
    return tuple(sorted(found)) or (SHORT_S,)


class Questions(Struct, frozen=True):
    """The questions about the targets of some jobs."""

    jobs: tuple[str, ...]
    key: tuple[str, ...] = ()
    """The labels that tell the targets apart."""
    windows_s: tuple[int, ...] = (SHORT_S,)

    @property
    def ages_s(self) -> str:
        """Seconds since each target was last scraped, with its whole label set.

        VictoriaMetrics answers as of half a minute ago, and only its `time()` shows that.
        """
        return f"time() - timestamp(up{self._chosen})"

    @property
    def down(self) -> str:
        """The targets whose last scrape failed."""
        return f"up{self._chosen} == 0"

    @property
    def requests(self) -> str:
        """Requests per second of each model; NaN where they were counted once only."""
        return self._rates(REQUESTS, 1e-6)

    @property
    def inference_us(self) -> str:
        """Microseconds of inference per second of each model; none where there were none."""
        return f"{self._rates(INFERENCE_US, 0.01)} > 0"

    @property
    def queue_us(self) -> str:
        """Microseconds in the queue per second of each model; none where there were none."""
        return f"{self._rates(QUEUE_US, 0.01)} > 0"

    @property
    def answers(self) -> str:
        """How many kinds of answers each server counts: none with metrics_mode legacy."""
        counted = f'{{__name__=~"{"|".join(ANSWERS)}"{self._also}}}'
        return f"count by ({self._by()}) ({counted})"

    @property
    def errors(self) -> str:
        """Answers of 500 and above per second; NaN where they were counted once only."""
        return f"sum by ({self._by()}) ({self._rate(SERVER_ERRORS)})"

    @property
    def workers(self) -> str:
        """How many workers each model version had since its server's start."""
        loaded = f"{WORKER_LOAD_MS}{self._chosen}"
        named = f'label_replace({loaded}, "{WORKER_OF}", "$1", "WorkerName", "W-[0-9]+-(.+)")'
        return f"count by ({self._by(WORKER_OF)}) ({named})"

    def series(self, names: Sequence[str]) -> str:
        """All series of some metrics as they are now."""
        return f"{{__name__=~{quoted('|'.join(map(re.escape, names)))}{self._also}}}"

    @property
    def _chosen(self) -> str:
        return matcher(self.jobs)

    @property
    def _also(self) -> str:
        chosen = self._chosen
        return f",{chosen[1:-1]}" if chosen else ""

    def scrapes(self, seconds: int) -> str:
        """The scrapes of each target within the last seconds."""
        return f"up{self._chosen}[{seconds}s]"

    def _by(self, *more: str) -> str:
        return ", ".join((*self.key, *more))

    def _rate(self, metric: str) -> str:
        """Per second, over the shortest window in which a series has two samples, else NaN."""
        counted = f"{metric}{self._chosen}"
        rates = [f"rate({counted}[{each}s])" for each in self.windows_s]
        return " or ".join((*rates, f"{counted} * NaN"))

    def _rates(self, metric: str, to: float) -> str:
        # Digits that no one sees would make most of the answer.
        return f"round(sum by ({self._by(*MODEL)}) ({self._rate(metric)}), {to:g})"
