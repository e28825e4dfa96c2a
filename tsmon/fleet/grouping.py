"""A fleet rolled up: a row for each cluster, namespace, job or model, below it its servers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tsmon.config.schema import ServerSettings
from tsmon.fleet.arrange import words_of
from tsmon.fleet.snapshot import Figures, ModelRow, ServerRow, total
from tsmon.fleet.targets import FleetTarget, Origin
from tsmon.telemetry.snapshot import ModelKey, ServerState
from tsmon.telemetry.traffic import add_readings
from tsmon.units import count, plural

if TYPE_CHECKING:
    from tsmon.fleet.snapshot import FleetSnapshot

MODEL = "model"
USUAL = ("cluster", "namespace", "job")
"""Labels that servers are grouped by before any others."""
NO_LABEL = "none"

Member = tuple[ServerRow, Figures]


def groupings(snapshot: FleetSnapshot) -> tuple[str, ...]:
    """What these servers can be grouped by: labels that some of them share, and their models."""
    values: dict[str, list[str]] = {}
    for row in snapshot.servers:
        for name, value in row.target.labels.items():
            values.setdefault(name, []).append(value)
    shared = {name for name, found in values.items() if len(set(found)) < len(found)}
    usual = [name for name in USUAL if name in shared]
    return (*usual, *sorted(shared - set(USUAL)), MODEL)


def narrowed(snapshot: FleetSnapshot, passes: Callable[[str], bool]) -> FleetSnapshot:
    """The snapshot with the servers and models whose words pass."""
    kept = []
    for row in snapshot.servers:
        words = words_of(row)
        models = [
            each for each in row.models if passes(f"{words} {each.key} {each.figures.sign.word}")
        ]
        if models or passes(f"{words} {row.figures.sign.word}"):
            kept.append(replace(row, models=tuple(models)))
    return replace(snapshot, servers=tuple(kept))


def grouped(snapshot: FleetSnapshot, by: str) -> FleetSnapshot:
    """The snapshot with a row for each group in place of its servers, which are below it."""
    members: dict[str, list[Member]] = {}
    for row in snapshot.servers:
        if by == MODEL:
            for model in row.models:
                members.setdefault(str(model.key), []).append((row, model.figures))
        else:
            value = row.target.labels.get(by, "")
            members.setdefault(f"{by}={value or NO_LABEL}", []).append((row, row.figures))
    rows = tuple(_group(name, found, by) for name, found in members.items())
    return replace(snapshot, servers=rows)


def member_of(snapshot: FleetSnapshot, model: ModelRow) -> ServerRow | None:
    """The server that a row below a group is about."""
    return next((row for row in snapshot.servers if row.target.name == model.key.name), None)


def _group(name: str, members: Sequence[Member], by: str) -> ServerRow:
    below = [ModelRow(ModelKey(row.target.name, ""), figures) for row, figures in members]
    below.sort(key=lambda each: each.figures.badness, reverse=True)
    worst = below[0]
    up = sum(row.is_up for row, _ in members)
    labels = {"servers": str(len(members)), "up": str(up)}
    figures = Figures(
        worst.figures.sign,
        f"{plural(len(members), 'server')}, {count(up)} up; {worst.key}: {worst.figures.evidence}",
        worst.figures.severity,
        total([each.figures.ready for each in below]),
        total([each.figures.wanted for each in below]),
        add_readings([each.figures.traffic for each in below]),
    )
    errors = None if by == MODEL else _sum(row.errors_per_second for row, _ in members)
    target = FleetTarget(name, ServerSettings(), Origin.GROUP, labels)
    return ServerRow(
        target,
        ServerState.UP,
        figures,
        tuple(below),
        errors,
        settled=all(row.settled for row, _ in members),
    )


def _sum(rates: Iterable[float | None]) -> float | None:
    known = [rate for rate in rates if rate is not None]
    return sum(known) if known else None
