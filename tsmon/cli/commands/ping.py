"""The command that asks a server whether it is healthy."""

from __future__ import annotations

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.options import as_json, server_and_grpc_options
from tsmon.cli.outcome import Exit, fail
from tsmon.cli.output import emit, emit_json
from tsmon.cli.target import Target, pass_target
from tsmon.torchserve.errors import NotFound
from tsmon.torchserve.inference import HEALTHY, OpenInference

NOT_SPOKEN = "start it with TS_OPEN_INFERENCE_PROTOCOL=oip in its environment"


@click.command()
@click.option(
    "--open-inference", is_flag=True, help="Ask by the Open Inference Protocol (KServe v2) instead."
)
@as_json
@server_and_grpc_options
@pass_target
@runs_async
async def ping(target: Target, open_inference: bool, as_json: bool) -> None:
    """Ask the server whether it is healthy, in its own words."""
    async with target.client() as client:
        if open_inference:
            try:
                found = await client.inference.open_inference()
            except NotFound:
                fail("this server does not speak the Open Inference Protocol", NOT_SPOKEN)
            _show(found, as_json=as_json)
            return
        status = await client.inference.ping()
    if as_json:
        emit_json({"status": status})
    else:
        emit(status)
    if status != HEALTHY:
        raise click.exceptions.Exit(Exit.FAILED)


def _show(found: OpenInference, *, as_json: bool) -> None:
    if as_json:
        emit_json({"live": found.live, "ready": found.ready, "server": found.server})
    else:
        emit("live" if found.live else "not live")
        emit("ready" if found.ready else "not ready")
        name = " ".join(str(found.server.get(key, "")) for key in ("name", "version")).strip()
        emit(name or "unnamed server")
    if not (found.live and found.ready):
        raise click.exceptions.Exit(Exit.FAILED)
