"""A fleet as a table for people and as a record for programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tsmon.cli.output import ReportColumn, emit_columns
from tsmon.fleet.arrange import FleetLine, fleet_lines
from tsmon.units import Quantity, fixed, known
from tsmon.untrusted.secrets import masked_address

if TYPE_CHECKING:
    from tsmon.fleet.snapshot import Figures, FleetSnapshot, ModelRow, ServerRow

FleetReportColumn = ReportColumn[FleetLine]


def _figure(
    heading: str, read: Callable[[Figures], Quantity], decimals: int = 2
) -> FleetReportColumn:
    return FleetReportColumn(heading, lambda line: fixed(read(line.figures), decimals), True)


REPORT_COLUMNS: tuple[FleetReportColumn, ...] = (
    FleetReportColumn("SERVER", lambda line: line.server.target.name),
    FleetReportColumn("MODEL", lambda line: line.model.key.name if line.model else "*"),
    FleetReportColumn("VERSION", lambda line: line.model.key.version if line.model else "*"),
    FleetReportColumn("VERDICT", lambda line: str(line.figures.sign)),
    _figure("READY", lambda figures: figures.ready, 0),
    _figure("WANTED", lambda figures: figures.wanted, 0),
    _figure("REQ/S", lambda figures: figures.per_second),
    _figure("INFERENCE_MS", lambda figures: figures.inference_ms),
    _figure("QUEUE_MS", lambda figures: figures.queue_ms),
    FleetReportColumn("ERRORS/S", lambda line: fixed(line.errors_per_second), True),
    FleetReportColumn("MODE", lambda line: "READ-ONLY" if line.is_read_only else ""),
    FleetReportColumn("WHY", lambda line: line.figures.evidence),
)


def print_fleet(snapshot: FleetSnapshot) -> None:
    """Print a row for each server and each model, the worst first."""
    emit_columns(REPORT_COLUMNS, fleet_lines(snapshot))


def fleet_record(snapshot: FleetSnapshot) -> dict[str, Any]:
    """The record of a snapshot; every number that cannot be known is null."""
    return {
        "time": snapshot.at.wall.isoformat(),
        "servers": [_server_record(row) for row in snapshot.servers],
        "problems": list(snapshot.problems),
    }


def _server_record(row: ServerRow) -> dict[str, Any]:
    settings = row.target.settings
    return {
        "server": row.target.name,
        "url": masked_address(settings.url),
        "origin": row.target.origin.value,
        "labels": dict(row.target.labels),
        "read_only": settings.read_only,
        "state": row.state.value,
        "up": row.is_up,
        **_figures_record(row.figures),
        "errors_per_second": row.errors_per_second,
        "series": {each.text: each.value for each in row.series},
        "models": [_model_record(model) for model in row.models],
    }


def _model_record(row: ModelRow) -> dict[str, Any]:
    return {"model": row.key.name, "version": row.key.version, **_figures_record(row.figures)}


def _figures_record(figures: Figures) -> dict[str, Any]:
    return {
        "verdict": figures.sign.word,
        "grade": figures.sign.grade.name.lower(),
        "why": figures.evidence,
        "ready_workers": figures.ready,
        "wanted_workers": figures.wanted,
        "requests_per_second": known(figures.per_second),
        "inference_ms": known(figures.inference_ms),
        "queue_ms": known(figures.queue_ms),
    }
