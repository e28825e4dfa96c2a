"""The monitor verb, which is also what `tsmon` alone does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tsmon.cli.coroutines import run_async
from tsmon.cli.given_options import given
from tsmon.cli.group import go_on_with
from tsmon.cli.nearest_server import nearest_server
from tsmon.cli.options import monitor_options, server_options
from tsmon.cli.outcome import Exit
from tsmon.cli.project_trust import require_trust
from tsmon.cli.target import Target, pass_target
from tsmon.config.schema import MonitorSettings

if TYPE_CHECKING:
    pass


@click.command()
@server_options
@monitor_options
@pass_target
@click.pass_context
def monitor(
    ctx: click.Context,
    target: Target,
    /,
    recording: Path | None,
    prometheus: str | None,
    instance: str | None,
    job: str | None,
    plain: bool,
    **settings: Any,
) -> int:
    """Open the monitor."""
    require_trust(ctx, target, ask=not plain)
    chosen = MonitorSettings(**{name: value for name, value in settings.items() if value})
    if prometheus and recording:
        raise click.UsageError("--record needs a server, not --prometheus")
    if (instance or job) and not prometheus:
        raise click.UsageError("--instance and --job require --prometheus")
    note = ""
    if not prometheus:
        target, note = nearest_server(target)
        note = target.pod_note() or note
        target.show_pods_in_fleet()
    if plain:
        from tsmon.cli.watch import monitor_plainly, source_of

        source = source_of(target, prometheus, instance, job)
        notify = target.loaded.config.notify
        run_async(monitor_plainly(source, chosen.period, recording, target.limits, notify))
        return Exit.DONE
    from tsmon.cli.monitor_screen import open_monitor, open_prometheus

    if prometheus:
        return open_prometheus(target, chosen, prometheus, instance, job, given(ctx))
    left = open_monitor(target, chosen, recording=recording, note=note, given=given(ctx))
    return go_on_with(ctx, "demo") if left.wants_demo else left.code
