"""`tsmon load`: many requests at full speed or at a rate, and what the server made of them."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.live import Live
from rich.text import Text

from tsmon.cli.console import talk
from tsmon.cli.coroutines import runs_async
from tsmon.cli.fail_if import decides_on_errors, end_by, fail_if_option
from tsmon.cli.options import as_json, server_and_grpc_options, version_option
from tsmon.cli.outcome import Exit, fail
from tsmon.cli.output import say
from tsmon.cli.payload_options import GivenPayloads, payload_options
from tsmon.cli.reports.load import emit_report, progress_line, say_report
from tsmon.cli.target import Target, pass_target
from tsmon.load.judging import judge_run
from tsmon.load.refusals import CAPACITY_KINDS, capacity_cause
from tsmon.load.run.increment import StopReason
from tsmon.load.run.plan import (
    DEFAULT_COUNT,
    DEFAULT_DURATION_S,
    DEFAULT_TIMEOUT_S,
    MAX_CONCURRENCY,
    MAX_COUNT,
    OPEN_CONCURRENCY,
    RunPlan,
)
from tsmon.load.run.request_file import BYTES_EACH, RequestFile, check_requests_file
from tsmon.load.run.run import LoadRun, open_run
from tsmon.serving.assets import digit_assets
from tsmon.threads import in_thread
from tsmon.torchserve.errors import TorchServeError

if TYPE_CHECKING:
    from tsmon.conditions import Condition
    from tsmon.load.run.report import RunReport
    from tsmon.torchserve.client import TorchServe


@click.command()
@click.argument("model")
@click.argument("folder", required=False, type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--concurrency",
    "-c",
    type=click.IntRange(1, MAX_CONCURRENCY),
    help="Requests in flight at a time; with --rate, the maximum.  [default: 1; "
    f"with --rate {OPEN_CONCURRENCY}]",
)
@click.option(
    "--rate",
    type=float,
    help="Arrival rate: requests per second, independent of how fast they are answered.",
)
@click.option(
    "--poisson",
    is_flag=True,
    help="With --rate: random (Poisson) arrivals instead of evenly spaced ones.",
)
@click.option(
    "--seed", type=int, help="With --poisson: seed, for the same arrival times in every run."
)
@click.option(
    "--count",
    "-n",
    default=DEFAULT_COUNT,
    show_default=True,
    type=click.IntRange(1, MAX_COUNT),
    help="Stop after this many requests.",
)
@click.option(
    "--duration",
    default=DEFAULT_DURATION_S,
    show_default=True,
    help="Stop sending after this many seconds.",
)
@click.option(
    "--timeout",
    "timeout_s",
    default=DEFAULT_TIMEOUT_S,
    show_default=True,
    help="Time-out of one request in seconds.",
)
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write each request to this file, a .csv, .jsonl or .sqlite: about "
    f"{BYTES_EACH['.csv']}, {BYTES_EACH['.jsonl']} or {BYTES_EACH['.sqlite']} bytes a request.",
)
@click.option("--force", is_flag=True, help="With --out: overwrite an existing file.")
@fail_if_option
@payload_options
@version_option
@as_json
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, one row.")
@server_and_grpc_options
@pass_target
@runs_async
async def load(
    target: Target,
    model: str,
    folder: Path | None,
    concurrency: int | None,
    rate: float | None,
    poisson: bool,
    seed: int | None,
    count: int,
    duration: float,
    timeout_s: float,
    out: Path | None,
    force: bool,
    conditions: tuple[Condition, ...],
    given: GivenPayloads,
    version: str | None,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Send a file or FOLDER to a MODEL again and again and report the response times.

    A folder's images are sent or, where it has none, its other files. With --concurrency each
    connection sends its next request when the answer is there. With --rate requests are sent as
    planned, and response times count from the planned start, so that waiting is seen. Without a
    folder the sample digits are sent. Ctrl-C ends the sending, waits for the
    answers under way and reports; a second one does not wait.
    """
    if as_json and as_csv:
        raise click.UsageError("choose --json or --csv")
    plan = RunPlan(
        model=model,
        payloads=given.payloads([folder] if folder else [], digit_assets().samples),
        version=version,
        concurrency=concurrency,
        rate=rate,
        poisson=poisson,
        seed=seed,
        count=count,
        duration_s=duration,
        timeout_s=timeout_s,
        form=given.form(),
        answer_path=given.answer_path,
        note_each=out is not None,
    )
    if out is not None:
        check_requests_file(out, force=force)
    started = datetime.now(UTC)
    async with target.client() as client:
        open_file = partial(RequestFile, out, force=force) if out is not None else None
        report = await _watch(client, plan, open_file)
        remedy = await _remedy(client, report)
    judgements = judge_run(report, conditions)
    if as_json or as_csv:
        emit_report(report, started, judgements, as_csv=as_csv)
    else:
        say_report(report)
    _end(report, remedy, failures_judged=decides_on_errors(conditions))
    end_by(judgements)
    if report.ending is StopReason.STOPPED:
        say("stopped by Ctrl-C")
        raise click.exceptions.Exit(Exit.INTERRUPTED)


async def _watch(
    client: TorchServe, plan: RunPlan, open_file: Callable[[], RequestFile] | None
) -> RunReport:
    """Do the run with a line on stderr that shows progress, and its requests into a file."""
    file: RequestFile | None = None
    try:
        with Live(console=talk, auto_refresh=False, transient=True) as live:
            async with open_run(client, plan) as run:
                with _interruptible(run):
                    async for progress in run.progress():
                        live.update(Text(progress_line(progress)), refresh=True)
                        if open_file is not None and file is None:  # a request was sent
                            file = await in_thread(open_file)
                        if file is not None:
                            await in_thread(file.write, progress.notes)
    finally:
        if file is not None:
            await in_thread(file.close)
    return run.report


@contextmanager
def _interruptible(run: LoadRun) -> Iterator[None]:
    """Ctrl-C stops the run, and a second one does not wait for the answers under way."""
    loop = asyncio.get_running_loop()
    orders = iter((run.stop, run.abandon))

    def interrupt() -> None:
        with suppress(StopIteration):
            next(orders)()

    loop.add_signal_handler(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)


async def _remedy(client: TorchServe, report: RunReport) -> str:
    """What to do about the failures: what a 503 asks for, or the first error's own words."""
    if CAPACITY_KINDS & report.failures.keys():
        with suppress(TorchServeError):
            plan = report.plan
            return capacity_cause(await client.management.describe(plan.model, plan.version))
    return next(iter(report.examples.values()), "")


def _end(report: RunReport, remedy: str, *, failures_judged: bool) -> None:
    """Exit where requests failed, unless a condition judges how many."""
    if report.ending is StopReason.SERVER_GONE:
        fail("the server is gone: it no longer accepts connections", remedy, Exit.UNREACHABLE)
    if report.failed and not failures_judged:
        fail(f"{report.failed} of {report.sent} requests were not answered", remedy)
