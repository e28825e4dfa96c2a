"""The command that replaces a version without downtime."""

from __future__ import annotations

from pathlib import Path

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.options import as_json, server_options, version_option
from tsmon.cli.output import say
from tsmon.cli.procedures import carry_out
from tsmon.cli.target import Target, pass_target
from tsmon.threads import in_thread
from tsmon.torchserve.replacement import GRACE_S, Probe, Replacement, plan_replacement


@click.command()
@click.argument("model")
@click.argument("archive")
@version_option
@click.option(
    "--test",
    "test_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file the new version must answer before it receives requests.",
)
@click.option(
    "--grace",
    default=GRACE_S,
    show_default=True,
    type=click.FloatRange(0),
    help="Seconds the old version keeps its workers after its queue is empty.",
)
@as_json
@server_options
@pass_target
@runs_async
async def replace(
    target: Target,
    model: str,
    archive: str,
    version: str | None,
    test_file: Path | None,
    grace: float,
    as_json: bool,
) -> None:
    """Put the version in ARCHIVE in the place of a version of MODEL, without downtime.

    The new version gets the old one's workers and settings. Once they are ready it becomes the
    default version, and the old one is removed when it has answered what it had. If the new one
    does not work it is removed again. Ctrl-C at any moment leaves a version that serves.
    """
    probe = await in_thread(Probe.of, test_file) if test_file else None
    async with target.client() as client:
        url = target.archive_url(archive, client.addresses)
        plan = await plan_replacement(
            client, model, url, version=version, probe=probe, grace_s=grace
        )
        client.management.refuse_when_read_only()
        for change in plan.changes("NEW"):
            say(f"  {change}")
        replacement = Replacement(client, plan)
        await carry_out(replacement, as_json=as_json, model=model, replaced=plan.old.version)
