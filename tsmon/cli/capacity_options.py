"""The options of the commands that ask how many workers a model needs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tsmon.load.capacity.curve import read_points
from tsmon.load.capacity.experience import experienced_points

if TYPE_CHECKING:
    from tsmon.cli.target import Target
    from tsmon.load.capacity.curve import ServicePoint
    from tsmon.telemetry.snapshot import ModelKey
    from tsmon.torchserve.client import TorchServe

F = TypeVar("F", bound=Callable[..., Any])

curve_option = click.option(
    "--curve",
    type=click.Path(path_type=Path, dir_okay=False),
    help="JSON file with service times measured at several worker counts.",
)


def goal_options(command: F) -> F:
    """The options of what is to hold."""
    queue = click.option("--queue-ms", type=float, help="Target: mean queue time in ms.")
    p95 = click.option("--p95-ms", type=float, help="Target: p95 of the response time in ms.")
    return queue(p95(command))


def measured_points(
    curve: Path | None, client: TorchServe, key: ModelKey, target: Target
) -> tuple[ServicePoint, ...]:
    """Service times of before: of that file, else of experiments that were saved."""
    if curve is not None:
        return read_points(curve)
    return experienced_points(client.addresses.label, key, target.own_home.path)
