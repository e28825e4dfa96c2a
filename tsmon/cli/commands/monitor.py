"""The monitor verb, which is also what `tsmon` alone does."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tsmon.cli.coroutines import run_async
from tsmon.cli.given import given
from tsmon.cli.group import go_on_with
from tsmon.cli.nearest_server import nearest_server
from tsmon.cli.opening import open_monitor, open_prometheus
from tsmon.cli.options import monitor_options, server_options
from tsmon.cli.outcome import Exit
from tsmon.cli.output import complain
from tsmon.cli.target import Target, pass_target
from tsmon.cli.trusting import require_trust
from tsmon.cli.watching import live_source, prometheus_source, watch_plainly
from tsmon.config.schema import MonitorSettings
from tsmon.telemetry.recording.recorder import RecordedSource

if TYPE_CHECKING:
    from tsmon.telemetry.source import Source


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
    if prometheus:
        if recording:
            raise click.UsageError("--record goes with a server itself, not with --prometheus")
        if plain:
            return run_async(_watch(prometheus_source(target, prometheus, instance, job), chosen))
        return open_prometheus(target, chosen, prometheus, instance, job, given(ctx))
    if instance or job:
        raise click.UsageError("--instance and --job go with --prometheus")
    target, note = nearest_server(target)
    if plain:
        return run_async(_watch(live_source(target), chosen, recording))
    left = open_monitor(target, chosen, recording=recording, note=note, given=given(ctx))
    return go_on_with(ctx, "demo") if left.wants_demo else left.code


async def _watch(
    opened: AbstractAsyncContextManager[Source],
    settings: MonitorSettings,
    recording: Path | None = None,
) -> int:
    """The monitor without a screen."""
    async with opened as source:
        if recording is None:
            await watch_plainly(source, settings.period)
            return Exit.DONE
        with closing(RecordedSource(source, recording)) as recorded:
            try:
                await watch_plainly(recorded, settings.period)
            finally:
                if recorded.missing:
                    complain(recorded.missing)
    return Exit.DONE
