"""The command that writes what a Prometheus needs to watch TorchServe."""

from __future__ import annotations

from pathlib import Path

import click

from tsmon.cli.exporting import (
    folder_argument,
    force_option,
    report,
    rule_options,
    servers_option,
    targets_of,
)
from tsmon.cli.options import as_json
from tsmon.cli.target import Target, pass_target
from tsmon.export.prometheus import Plan, prometheus_files
from tsmon.export.targets import EXPORTER_PORT, ScrapeTarget, exporters_beside
from tsmon.untrusted.shell import shell_line

CHECKS = (
    "promtool check config DIR/prometheus.yml",
    "promtool test rules DIR/tests/*.yml",
)
START = "prometheus --config.file=DIR/prometheus.yml"


@click.command()
@folder_argument
@servers_option
@rule_options
@click.option(
    "--exporter",
    "exporters",
    multiple=True,
    metavar="HOST:PORT",
    help="Where the exporter of a server listens; one for each server. [default: port 10082 of its "
    "host]",
)
@click.option(
    "--alertmanager",
    "alertmanagers",
    multiple=True,
    metavar="HOST:PORT",
    help="An Alertmanager to send alerts to.",
)
@click.option("--file-sd", is_flag=True, help="Name the servers in a file_sd file of their own.")
@force_option
@as_json
@pass_target
@click.pass_context
def prometheus(
    ctx: click.Context,
    target: Target,
    /,
    folder: Path,
    servers: tuple[str, ...],
    interval_s: int,
    p95_ms: float,
    exporters: tuple[str, ...],
    alertmanagers: tuple[str, ...],
    file_sd: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Write a Prometheus configuration, rules with their tests, and a systemd unit of the exporter.

    Alerts that TorchServe's own series can carry need no exporter.
    """
    targets = targets_of(ctx, target, servers)
    beside = exporters_beside(targets)
    if exporters and len(exporters) != len(beside):
        raise click.UsageError("give an --exporter for each server, in their order")
    named = zip(exporters or [each.address for each in beside], beside, strict=True)
    plan = Plan(
        targets=targets,
        exporters=tuple(ScrapeTarget(address, each.server, each.option) for address, each in named),
        interval_s=interval_s,
        p95_ms=p95_ms,
        alertmanagers=alertmanagers,
        file_sd=file_sd,
    )
    report(folder, prometheus_files(plan), _next(plan), force=force, as_json=as_json)


def _next(plan: Plan) -> list[str]:
    exporters = [shell_line(["tsmon", "exporter", *_options(each)]) for each in plan.exporters]
    return [*CHECKS, *exporters, START]


def _options(exporter: ScrapeTarget) -> list[str]:
    port = exporter.address.rpartition(":")[2]
    named = ["--server", exporter.option] if exporter.option else []
    return named if port == str(EXPORTER_PORT) else [*named, "--port", port]
