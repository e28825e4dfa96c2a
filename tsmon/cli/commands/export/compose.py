"""The command that writes a Docker Compose project."""

from __future__ import annotations

from pathlib import Path

import click

from tsmon.cli.exporting import folder_argument, force_option, image_option, report, rule_options
from tsmon.cli.options import as_json
from tsmon.export.compose import compose_files

NEXT = (
    "make docker-image",
    "tsmon archive --export-path DIR/models",
    "docker compose --file DIR/compose.yaml up --detach",
    "tsmon register mnist.mar --server 127.0.0.1:8081",
    "# Grafana is at http://127.0.0.1:3000, Prometheus at http://127.0.0.1:9090",
)


@click.command()
@folder_argument
@click.option(
    "--models",
    default="./models",
    show_default=True,
    help="Folder of the archives, from DIR.",
)
@image_option
@rule_options
@force_option
@as_json
def compose(
    folder: Path,
    models: str,
    image: str,
    interval_s: int,
    p95_ms: float,
    force: bool,
    as_json: bool,
) -> None:
    """Write a Docker Compose project: TorchServe, the exporter, Prometheus and Grafana.

    All ports are published on the loopback address alone.
    """
    files = compose_files(models, image, interval_s, p95_ms)
    report(folder, files, NEXT, force=force, as_json=as_json)
