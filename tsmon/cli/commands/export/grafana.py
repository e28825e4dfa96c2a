"""The command that writes a dashboard and what has Grafana load it."""

from __future__ import annotations

from pathlib import Path

import click

from tsmon.cli.exporting import folder_argument, force_option, report
from tsmon.cli.options import as_json
from tsmon.export.grafana import DASHBOARDS, grafana_files

NEXT = (
    "sudo cp -r DIR/provisioning/. /etc/grafana/provisioning/",
    f"sudo install -D -m 644 DIR/dashboards/torchserve.json {DASHBOARDS}/torchserve.json",
    "sudo systemctl restart grafana-server",
)


@click.command()
@folder_argument
@click.option(
    "--prometheus",
    default="http://127.0.0.1:9090",
    show_default=True,
    metavar="URL",
    help="Prometheus as Grafana reaches it.",
)
@force_option
@as_json
def grafana(folder: Path, prometheus: str, force: bool, as_json: bool) -> None:
    """Write a dashboard, and Grafana's provisioning of it and of Prometheus.

    Its panels ask for what TorchServe and `tsmon exporter` export, not for recording rules.
    """
    report(folder, grafana_files(prometheus), NEXT, force=force, as_json=as_json)
