"""The command that asks a workflow."""

from __future__ import annotations

from pathlib import Path

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.options import server_options
from tsmon.cli.output import emit_raw
from tsmon.cli.target import Target, pass_target
from tsmon.payloads.payload import Payload
from tsmon.payloads.request_form import RequestForm
from tsmon.torchserve.workflows import workflow_predictions


@click.command()
@click.argument("workflow")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--content-type", metavar="TYPE", default="", help="Content type of the file.")
@server_options
@pass_target
@runs_async
async def predict(target: Target, workflow: str, file: Path, content_type: str) -> None:
    """Send a FILE to a WORKFLOW and print what it answers, byte for byte."""
    type_, body = RequestForm(content_type=content_type).body(Payload.at(file))
    async with target.client() as client:
        answer = await client.inference.ask(
            "POST", workflow_predictions(workflow), {"Content-Type": type_, "Accept": "*/*"}, body
        )
    emit_raw(answer.body)
