"""What can go wrong with a Prometheus server as source, beside its being unreachable.

TorchServeError
├── Unreachable
│   └── TargetDown         Prometheus answers, but cannot scrape the instance (`up` is 0)
├── NotTorchServe
│   └── NotPrometheus      something else answers there
├── QueryFailed            Prometheus' own error answer; keeps its type and message
├── NoSuchInstance         it scrapes no such instance; the message lists those it has
├── AmbiguousInstance      several of its jobs scrape the instance
└── NoNewSample            it has not scraped the instance for several scrape intervals
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tsmon.telemetry.prometheus.label_sets import distinguishing
from tsmon.torchserve.errors import NotTorchServe, TorchServeError, Unreachable


class TargetDown(Unreachable):
    """Prometheus cannot scrape the instance."""


class NotPrometheus(NotTorchServe):
    """The address answers, but not as a Prometheus server does."""


class QueryFailed(TorchServeError):
    """Prometheus' own error answer."""

    def __init__(self, type_: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.type = type_
        """Prometheus' errorType, for example `bad_data` or `timeout`."""

    def __str__(self) -> str:
        return f"Prometheus answers {self.type}: {self.message}" if self.type else self.message


class NoSuchInstance(TorchServeError):
    """Prometheus scrapes no instance of that name."""

    def __init__(self, wanted: str, instances: Sequence[str]) -> None:
        there = ", ".join(instances) or "none with TorchServe's metrics"
        hint = (
            "choose one of them with --instance"
            if instances
            else "let Prometheus scrape TorchServe's metrics address; metrics_mode must not be log"
        )
        super().__init__(f"Prometheus scrapes no {wanted}; it has: {there}", hint)
        self.instances = tuple(instances)


class AmbiguousInstance(TorchServeError):
    """Several targets have that instance label."""

    def __init__(self, instance: str, targets: Sequence[Mapping[str, str]]) -> None:
        self.jobs = tuple(sorted({labels.get("job", "") for labels in targets}))
        differing = distinguishing(targets)[1:]
        each = sorted(
            " ".join(f"{name}={labels.get(name, '')}" for name in differing) for labels in targets
        )
        by_job = len(self.jobs) == len(targets)
        super().__init__(
            f"several targets are named {instance}: {', '.join(each)}",
            "pass the job as well" if by_job else "`tsmon fleet` has a row for each of them",
        )


class NoNewSample(TorchServeError):
    """Prometheus has the instance, but nothing new of it."""
