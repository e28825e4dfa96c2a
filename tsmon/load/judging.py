"""Runs judged by conditions: `p95 > 50 ms`, `errors > 1 %`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.conditions import Condition, Dimension
from tsmon.units import plural

if TYPE_CHECKING:
    from tsmon.load.experiment.result import ExperimentResult, Measurement
    from tsmon.load.run.report import RunReport

ERRORS = "errors"
OF_MEASUREMENT = ("p50", "p95", "p99", ERRORS, "rate")
"""What is known of a setting of an experiment."""


class Figures(Struct, frozen=True):
    """What conditions are held against; times in milliseconds, None for what is not known."""

    times: dict[str, float | None]
    sent: int
    failed: int
    seconds: float
    rate: float | None

    def value(self, condition: Condition) -> float | None:
        """The number a condition is about, in the base unit of its dimension."""
        if condition.quantity == "rate":
            return self.rate
        if condition.quantity != ERRORS:
            return self.times[condition.quantity]
        if condition.dimension is Dimension.COUNT:
            return self.failed
        per = self.sent if condition.dimension is Dimension.SHARE else self.seconds
        return self.failed / per if per else None


class Judgement(Struct, frozen=True):
    """A condition, and whether the run fails by it."""

    condition: Condition
    value: float | None
    """In the condition's base unit; None where it is not known."""
    where: str = ""
    """The setting, of an experiment."""

    @property
    def failed(self) -> bool:
        """Whether it holds; what is not known is no pass."""
        return self.condition.holds(self.value) is not False

    def __str__(self) -> str:
        at = f" at {self.where}" if self.where else ""
        if self.value is None:
            return f"{self.condition.quantity} is not known{at}, for {self.condition}"
        return f"{self.condition}{at}: {self.condition.shown(self.value)}"


def judge_run(report: RunReport, conditions: Iterable[Condition]) -> tuple[Judgement, ...]:
    """Hold a run against conditions."""
    names = ("p50", "p90", "p95", "p99", "mean", "max")
    times = {name: getattr(report.latency, name, None) for name in names}
    figures = Figures(times, report.sent, report.failed, report.seconds, report.throughput)
    return tuple(Judgement(each, figures.value(each)) for each in conditions)


def judge_experiment(
    result: ExperimentResult, conditions: Iterable[Condition]
) -> tuple[Judgement, ...]:
    """Hold each setting of an experiment against conditions on `OF_MEASUREMENT`."""
    measured, wanted = result.measurements, tuple(conditions)
    batching_varies = len({(each.batch_size, each.max_batch_delay_ms) for each in measured}) > 1
    return tuple(
        Judgement(condition, _figures(each).value(condition), _setting(each, batching_varies))
        for each in measured
        for condition in wanted
    )


def _figures(measurement: Measurement) -> Figures:
    times = {name: getattr(measurement, f"{name}_ms") for name in ("p50", "p95", "p99")}
    return Figures(
        times,
        measurement.sent,
        measurement.errors,
        measurement.seconds,
        measurement.throughput,
    )


def _setting(measurement: Measurement, batching_varies: bool) -> str:
    parts = [plural(measurement.workers, "worker")]
    if batching_varies:
        parts.append(f"batch size {measurement.batch_size}")
        parts.append(f"delay {measurement.max_batch_delay_ms} ms")
    return ", ".join([*parts, *filter(None, [measurement.protocol])])


def judgement_record(judgement: Judgement) -> dict[str, object]:
    """For `--json`; the value is in milliseconds, a share of 1, per second, or a count."""
    record: dict[str, object] = {
        "condition": str(judgement.condition),
        "value": judgement.value,
        "failed": judgement.failed,
    }
    return record | ({"setting": judgement.where} if judgement.where else {})
