"""The metrics that are exported: names, types, labels, and what they mean."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)

if TYPE_CHECKING:
    from prometheus_client.core import Metric as Family


class MetricKind(StrEnum):
    """Prometheus' types, as far as they are used."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


class Metric(NamedTuple):
    """One metric that is exported."""

    name: str
    kind: MetricKind
    help: str
    labels: tuple[str, ...] = ()

    def family(self) -> Family:
        """It without any sample."""
        return _FAMILIES[self.kind](self.name, self.help, labels=self.labels)


_FAMILIES: dict[MetricKind, Callable[..., Family]] = {
    MetricKind.GAUGE: GaugeMetricFamily,
    MetricKind.COUNTER: CounterMetricFamily,
    MetricKind.HISTOGRAM: HistogramMetricFamily,
}
_OF_VERSION = ("model_name", "model_version")
"""The labels that TorchServe's own metrics have."""


def _gauge(name: str, help_: str, *labels: str) -> Metric:
    return Metric(name, MetricKind.GAUGE, help_, labels)


def _counter(name: str, help_: str, *labels: str) -> Metric:
    return Metric(name, MetricKind.COUNTER, help_, labels)


def _histogram(name: str, help_: str) -> Metric:
    return Metric(name, MetricKind.HISTOGRAM, help_, _OF_VERSION)


BUILD = _gauge("tsmon_build_info", "The version of tsmon that exports this.", "version")
SERVER_UP = _gauge("tsmon_server_up", "Whether the last look read the server's model list.")
SERVER_STATE = _gauge("tsmon_server_state", "1 for the state of the server.", "state")
SERVER = _gauge(
    "tsmon_server_info", "The server's management address and version.", "server", "version"
)
SERVER_RESTARTS = _counter(
    "tsmon_server_restarts_total", "Restarts of the server seen since the exporter began."
)
LOOK_AGE = _gauge(
    "tsmon_look_age_seconds", "Since this part of the server was read the last time.", "part"
)
LOOK_DURATION = _gauge("tsmon_look_duration_seconds", "How long the last look at the server took.")
LOGS_READABLE = _gauge("tsmon_logs_readable", "Whether the server's log files can be read.")
DURATION = _histogram(
    "tsmon_request_duration_seconds",
    "From the full request to the headers of its answer, of answers with 2xx.",
)
QUEUE = _histogram("tsmon_request_queue_seconds", "Time of a request in the job queue.")
BACKEND = _histogram("tsmon_request_backend_seconds", "Time of a request at its worker.")
HANDLER = _histogram("tsmon_request_handler_seconds", "Time of a request in the model's own code.")
REQUESTS = _counter(
    "tsmon_requests_total", "Requests that ended, by HTTP status.", *_OF_VERSION, "code"
)
VERDICT = _gauge(
    "tsmon_model_verdict", "1 for the verdict on the version.", *_OF_VERSION, "verdict"
)
WORKERS = _gauge("tsmon_model_workers", "Workers in each state.", *_OF_VERSION, "state")
MIN_WORKERS = _gauge("tsmon_model_min_workers", "Workers the version should have.", *_OF_VERSION)
MAX_WORKERS = _gauge("tsmon_model_max_workers", "Workers the version may have.", *_OF_VERSION)
QUEUE_LENGTH = _gauge("tsmon_queue_length", "Requests in the job queue.", *_OF_VERSION)
QUEUE_CAPACITY = _gauge(
    "tsmon_queue_capacity", "Requests that fit into the job queue.", *_OF_VERSION
)
WORKER_RESTARTS = _counter(
    "tsmon_worker_restarts_total", "New processes of workers that were there.", *_OF_VERSION
)
WORKER_DEATHS = _counter(
    "tsmon_worker_deaths_total",
    "Processes of workers that ended, by the cause that the log files show.",
    *_OF_VERSION,
    "cause",
)
WORKER_MEMORY = _gauge(
    "tsmon_worker_resident_memory_bytes",
    "Resident memory of the worker's process.",
    *_OF_VERSION,
    "worker",
)
WORKER_CPU = _counter(
    "tsmon_worker_cpu_seconds_total", "CPU time of the worker's process.", *_OF_VERSION, "worker"
)
TOKEN = _gauge(
    "tsmon_token_remaining_seconds", "Until a token expires; below 0 once it has.", "key"
)

METRICS = (
    *(BUILD, SERVER_UP, SERVER_STATE, SERVER, SERVER_RESTARTS),
    *(LOOK_AGE, LOOK_DURATION, LOGS_READABLE),
    *(DURATION, QUEUE, BACKEND, HANDLER, REQUESTS),
    *(VERDICT, WORKERS, MIN_WORKERS, MAX_WORKERS, QUEUE_LENGTH, QUEUE_CAPACITY),
    *(WORKER_RESTARTS, WORKER_DEATHS, WORKER_MEMORY, WORKER_CPU, TOKEN),
)
"""All of them, in the order in which they are exported."""
