"""A fleet at one moment, as immutable rows that views only render."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from tsmon.telemetry.snapshot import ModelKey, ModelStatus, ServerState, Snapshot
from tsmon.telemetry.staleness import patience_s
from tsmon.telemetry.status_signs import SERVER_SIGNS, Grade, StatusSign, model_sign
from tsmon.telemetry.traffic import Missing, UsageOrMissing, add_readings
from tsmon.units import duration

if TYPE_CHECKING:
    from tsmon.fleet.targets import FleetTarget
    from tsmon.telemetry.instant import Instant
    from tsmon.telemetry.series.watched import WatchedSeries
    from tsmon.torchserve.errors import TorchServeError

ONLY_METRICS = StatusSign("?", "metrics only", Grade.NEUTRAL)
"""Its management address cannot be read."""
SILENT = StatusSign("◐", "no ping", Grade.WARNING)
"""Its inference address does not answer."""
NOT_FORWARDED = StatusSign("✗", "not forwarded", Grade.BAD)
"""It is in a pod that does not run, or that kubectl does not forward."""
WORST_SEVERITY = 1000
"""More than any."""
HOST_GAUGES = ("CPUUtilization", "MemoryUtilization", "DiskUtilization")
"""Of each server; a row has those that are pinned or have a limit as well."""
NO_MODELS = StatusSign("○", "no models", Grade.NEUTRAL)


class Figures(Struct, frozen=True):
    """What is known of a model, or of all models of a server together."""

    sign: StatusSign
    evidence: str
    """One short sentence that says why."""
    severity: int
    """The larger, the worse, among those of one grade."""
    ready: int | None
    """Ready workers; None where nothing shows it."""
    wanted: int | None
    traffic: UsageOrMissing
    """Since the scrape before."""

    @property
    def badness(self) -> int:
        """The larger, the worse."""
        return self.sign.grade * WORST_SEVERITY + self.severity

    @property
    def per_second(self) -> float | Missing:
        """Requests per second."""
        return self.traffic.per_second

    @property
    def inference_ms(self) -> float | Missing:
        """Milliseconds of inference per request."""
        return self.traffic.inference_ms

    @property
    def queue_ms(self) -> float | Missing:
        """Milliseconds in the queue per request."""
        return self.traffic.queue_ms


class ModelRow(Struct, frozen=True):
    """One version of a model on one server."""

    key: ModelKey
    figures: Figures


class ServerRow(Struct, frozen=True):
    """One server and its models, the worst first."""

    target: FleetTarget
    state: ServerState
    figures: Figures
    """All its models together, and the worst of what was found."""
    models: tuple[ModelRow, ...] = ()
    errors_per_second: float | None = None
    """Answers of 500 and above per second; None where that is not known."""
    last_answer: Instant | None = None
    series: tuple[WatchedSeries, ...] = ()
    """The gauges of its host, and the series that are pinned or have a limit."""
    settled: bool = False
    """Whether it was asked often enough to know rates, or does not answer."""

    @property
    def is_up(self) -> bool:
        """Whether it answers."""
        return self.state is ServerState.UP


class FleetSnapshot(Struct, frozen=True):
    """All servers at one moment."""

    at: Instant
    servers: tuple[ServerRow, ...] = ()
    """In the order of the configuration, then of the files, then of Prometheus."""
    problems: tuple[str, ...] = ()
    """What is wrong with the lists of servers."""

    @property
    def up(self) -> int:
        """How many servers answer."""
        return sum(row.is_up for row in self.servers)


def waiting_row(target: FleetTarget) -> ServerRow:
    """A server that was not polled yet."""
    sign = SERVER_SIGNS[ServerState.CONNECTING]
    figures = Figures(sign, "not polled yet", 0, None, None, Missing.FIRST_SAMPLE)
    return ServerRow(target, ServerState.CONNECTING, figures)


def failed_row(target: FleetTarget, problem: TorchServeError) -> ServerRow:
    """A server that cannot be asked at all."""
    sign = StatusSign("✗", "invalid setting", Grade.BAD)
    figures = Figures(sign, str(problem), 0, None, None, Missing.NO_COUNTERS)
    return ServerRow(target, ServerState.FAILING, figures, settled=True)


def not_forwarded_row(target: FleetTarget, problem: TorchServeError) -> ServerRow:
    """A server in a pod whose ports are not forwarded."""
    figures = Figures(NOT_FORWARDED, str(problem), 0, None, None, Missing.NO_COUNTERS)
    return ServerRow(target, ServerState.FAILING, figures, settled=True)


def row_of(
    target: FleetTarget,
    snapshot: Snapshot,
    *,
    errors_per_second: float | None = None,
    only_metrics: TorchServeError | None = None,
    silent: bool = False,
) -> ServerRow:
    """The row of a server that was asked.

    `only_metrics` says why its management API could not be read; `silent` that its inference
    address does not answer.
    """
    models = [] if snapshot.stale else list(map(_model_row, snapshot.models))
    models.sort(key=lambda row: row.figures.badness, reverse=True)
    known = [row.figures for row in models]
    sign, evidence, severity = _verdict(snapshot, models, only_metrics, silent=silent)
    figures = Figures(
        sign,
        evidence,
        severity,
        total([each.ready for each in known]),
        total([each.wanted for each in known]),
        add_readings([each.traffic for each in known]),
    )
    first = any(each.traffic is Missing.FIRST_SAMPLE for each in known)
    return ServerRow(
        target,
        snapshot.server.state,
        figures,
        tuple(models),
        errors_per_second,
        snapshot.server.last_answer,
        snapshot.series,
        settled=not first,
    )


def aged(row: ServerRow, now: Instant, period_s: float) -> ServerRow:
    """The row as it is to be shown `now`: stale once its answer is three periods old."""
    if not row.is_up or row.last_answer is None:
        return row
    seconds = now.since(row.last_answer)
    if seconds <= patience_s(period_s):
        return row
    sign = SERVER_SIGNS[ServerState.STALE]
    figures = replace(
        row.figures, sign=sign, evidence=f"nothing new for {duration(seconds)}", severity=100
    )
    return replace(row, state=ServerState.STALE, figures=figures)


def _model_row(model: ModelStatus) -> ModelRow:
    sign = model_sign(model)
    known = model.workers_known and not model.gone
    return ModelRow(
        model.key,
        Figures(
            sign,
            model.evidence,
            model.verdict.health.severity,
            model.ready if known else None,
            model.wanted if known else None,
            model.traffic.interval,
        ),
    )


def _verdict(
    snapshot: Snapshot,
    models: Sequence[ModelRow],
    only_metrics: TorchServeError | None,
    *,
    silent: bool,
) -> tuple[StatusSign, str, int]:
    """Sign, evidence and severity: the server's own where it has a problem, else a model's."""
    server = snapshot.server
    if server.state is not ServerState.UP:
        problem = server.problem
        known = str(problem or server.state)
        return SERVER_SIGNS[server.state], known, 100
    if models and models[0].figures.sign.grade > Grade.NEUTRAL:
        worst = models[0]
        figures = worst.figures
        return figures.sign, f"{worst.key}: {figures.evidence}", figures.severity
    if silent:
        return SILENT, "the inference address does not answer pings", 50
    if only_metrics is not None:
        return ONLY_METRICS, f"management: {only_metrics}", 50
    if not models:
        return NO_MODELS, "no models are registered", 0
    worst = models[0]
    return worst.figures.sign, f"{worst.key}: {worst.figures.evidence}", worst.figures.severity


def total(numbers: Sequence[int | None]) -> int | None:
    """The sum of those that are known; None where none is."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None
