"""The exporter verb: what TorchServe does not export, for Prometheus to scrape."""

from __future__ import annotations

import asyncio
import errno
import signal
from typing import TYPE_CHECKING

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.options import server_options
from tsmon.cli.outcome import Exit, fail
from tsmon.cli.output import complain, emit_raw, say
from tsmon.cli.reports.problems import Problems
from tsmon.cli.target import Target, pass_target
from tsmon.cli.watch import live_source
from tsmon.exporter.exporter import Exporter, describes_per_look
from tsmon.exporter.web import MetricsServer
from tsmon.telemetry.logs.request_tally import RequestTally
from tsmon.telemetry.snapshot import ServerState

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import Snapshot

_OTHERS = "use an address of this machine for --listen, and a free one for --port"


@click.command()
@click.option(
    "--listen",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="Address to listen at; any other than loopback shows the metrics to the network.",
)
@click.option(
    "--port",
    default=10082,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen at; 0 takes a free one.",
)
@click.option(
    "--interval",
    default=5.0,
    show_default=True,
    type=click.FloatRange(0.2),
    help="Seconds between two looks at the server.",
)
@click.option("--once", is_flag=True, help="Look once, print the metrics and end.")
@server_options
@pass_target
@runs_async
async def exporter(target: Target, listen: str, port: int, interval: float, once: bool) -> int:
    """Export to Prometheus what TorchServe does not, until interrupted.

    Latency histograms and errors by model and version, counted from the log files; verdicts, worker
    states, restarts and their causes; memory and CPU of workers, queues, token expiry.
    """
    target.read_only = True
    tally = RequestTally()
    async with live_source(target, tally=tally, describes=describes_per_look(interval)) as source:
        exporter = Exporter(source, tally, interval)
        if once:
            return await _print_once(exporter)
        with _server(exporter, listen, port) as server:
            address = f"http://{_where(listen, server.port)}/metrics"
            say(f"exporting {source.label} at {address}; ctrl+c ends")
            return await _until_ended(exporter)


async def _print_once(exporter: Exporter) -> int:
    snapshot = await anext(exporter.looks())
    _Said().show(snapshot)
    emit_raw(exporter.exposition)
    if not snapshot.stale:
        return Exit.DONE
    is_away = snapshot.server.state in (ServerState.AWAY, ServerState.SLOW)
    return Exit.UNREACHABLE if is_away else Exit.FAILED


async def _until_ended(exporter: Exporter) -> int:
    """Look on; a service manager's SIGTERM is an end as it should be, Ctrl-C an interruption."""
    looking = asyncio.ensure_future(_look_on(exporter))
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def end() -> None:
        ended.set()
        looking.cancel()

    loop.add_signal_handler(signal.SIGTERM, end)
    try:
        await looking
    except asyncio.CancelledError:
        if not ended.is_set():
            raise
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
    return Exit.DONE


async def _look_on(exporter: Exporter) -> None:
    said = _Said()
    async for snapshot in exporter.looks():
        said.show(snapshot)


class _Said:
    """Says what is not exported, and why; each reason when it begins."""

    def __init__(self) -> None:
        self._problems = Problems()
        self._no_logs = False

    def show(self, snapshot: Snapshot) -> None:
        self._problems.show(snapshot)
        no_logs = not snapshot.stale and snapshot.metrics.log_folder is None
        if no_logs and not self._no_logs:
            complain(
                "no log files of the server are known: histograms, requests and deaths are missing",
                "say where they are with --logs DIR or --logs docker:CONTAINER",
            )
        self._no_logs = no_logs


def _server(exporter: Exporter, listen: str, port: int) -> MetricsServer:
    where = _where(listen, port)
    try:
        return MetricsServer(exporter.registry, listen, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            fail(f"{where} is taken", _OTHERS)
        fail(f"cannot listen at {where}: {error.strerror or error}", _OTHERS)
    except ValueError:  # what no name server could be asked for
        fail(f"{listen!r} is not a valid address", _OTHERS)


def _where(listen: str, port: int) -> str:
    return f"[{listen}]:{port}" if ":" in listen else f"{listen}:{port}"
