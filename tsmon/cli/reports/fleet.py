"""A fleet as a table for people and as a record for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tsmon.cli.output import emit_table
from tsmon.fleet.arrange import FleetLine, fleet_lines
from tsmon.units import fixed, known
from tsmon.untrusted.secrets import masked_address

if TYPE_CHECKING:
    from tsmon.fleet.snapshot import Figures, FleetSnapshot, ModelRow, ServerRow
HEADINGS = (
    *("SERVER", "MODEL", "VERSION", "VERDICT", "READY", "WANTED"),
    *("REQ/S", "INFERENCE_MS", "QUEUE_MS", "ERRORS/S", "MODE", "WHY"),
)


def print_fleet(snapshot: FleetSnapshot) -> None:
    """Print a row for each server and each model, the worst first."""
    right = "READY WANTED REQ/S INFERENCE_MS QUEUE_MS ERRORS/S"
    emit_table(HEADINGS, [_cells(line) for line in fleet_lines(snapshot)], right=right)


def fleet_record(snapshot: FleetSnapshot) -> dict[str, Any]:
    """The record of a snapshot; every number that cannot be known is null."""
    return {
        "time": snapshot.at.wall.isoformat(),
        "servers": [_server_record(row) for row in snapshot.servers],
        "problems": list(snapshot.problems),
    }


def _cells(line: FleetLine) -> tuple[str, ...]:
    figures, model = line.figures, line.model
    read_only = line.server.target.settings.read_only
    return (
        line.server.target.name,
        model.key.name if model else "*",
        model.key.version if model else "*",
        str(figures.sign),
        fixed(figures.ready, 0),
        fixed(figures.wanted, 0),
        fixed(figures.per_second),
        fixed(figures.inference_ms),
        fixed(figures.queue_ms),
        fixed(line.errors_per_second),
        "READ-ONLY" if read_only else "",
        figures.evidence,
    )


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
