"""The metrics verb: the counters and what each request costs, once or as they change."""

from __future__ import annotations

from typing import NamedTuple

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.options import as_json, server_options
from tsmon.cli.outcome import fail
from tsmon.cli.output import emit_json, emit_raw, say
from tsmon.cli.reports.counters import print_totals, read_scrape, sorted_series, totals_record
from tsmon.cli.reports.problems import lost_words
from tsmon.cli.target import Target, pass_target


@click.command()
@click.option("--watch", is_flag=True, help="Keep printing: one line per model and tick.")
@click.option("--interval", default=1.0, show_default=True, type=click.FloatRange(0.1))
@click.option("--count", type=click.IntRange(1), help="End --watch after this many ticks.")
@click.option("--raw", is_flag=True, help="Print the server's text unchanged.")
@click.option(
    "--all", "every", is_flag=True, help="Every series of /metrics, with its labels, type and HELP."
)
@click.option(
    "--filter",
    "wanted",
    default="",
    metavar="TEXT",
    help="With --all: only series that match: text, !not, ~regex or /regex/.",
)
@click.option("--csv", "as_csv", is_flag=True, help="With --all: print rows as CSV.")
@click.option(
    "--prometheus", metavar="URL", help="With --watch: read from a Prometheus server instead."
)
@click.option("--instance", help="With --prometheus: which TorchServe, if there are several.")
@click.option("--job", help="With --prometheus: which job, if several scrape that instance.")
@as_json
@server_options
@pass_target
@runs_async
async def metrics(
    target: Target,
    watch: bool,
    interval: float,
    count: int | None,
    raw: bool,
    every: bool,
    wanted: str,
    as_csv: bool,
    as_json: bool,
    prometheus: str | None,
    instance: str | None,
    job: str | None,
) -> None:
    """Print the counters of each model and the milliseconds per request they give.

    With --watch: what requests cost between two readings. A dash says that a number cannot be
    known, for example because there was no traffic; it is never printed as 0.

    With --all: every series there is, those of the models, of the host, and of your own metrics;
    with --watch as well rates, and of histograms the quantiles, over the last minute.
    """
    if every:
        await _print_all(
            target,
            prometheus,
            instance,
            job,
            _Form(watch, interval, count, wanted, as_json, as_csv),
        )
        return
    if wanted or as_csv:
        raise click.UsageError(f"{'--filter' if wanted else '--csv'} requires --all")
    if watch:
        from tsmon.cli.watch import print_ticks, source_of

        async with source_of(target, prometheus, instance, job) as source:
            await print_ticks(source, interval, count, as_json, target.limits)
        return
    if prometheus:
        raise click.UsageError("--prometheus requires --watch")
    async with target.client() as client:
        if raw:
            emit_raw((await client.metrics.scrape()).encode())
        else:
            scrape = await read_scrape(client, target.log_place)
            if as_json:
                emit_json([totals_record(*entry) for entry in sorted_series(scrape)])
            elif scrape.series:
                print_totals(scrape)
            else:
                say("no counters yet: no model has had a request since the server started")
            if scrape.lost_lines:
                fail(f"{lost_words(scrape.lost_lines)}; the others are above")


class _Form(NamedTuple):
    """How the series are printed."""

    watch: bool
    interval: float
    ticks: int | None
    wanted: str
    as_json: bool
    as_csv: bool


async def _print_all(
    target: Target, prometheus: str | None, instance: str | None, job: str | None, form: _Form
) -> None:
    from tsmon.cli.all_series import print_once, watch_series
    from tsmon.cli.watch import source_of
    from tsmon.tui.state.filters import parse_filter

    passes = parse_filter(form.wanted)
    if passes.problem:
        raise click.UsageError(f"--filter is {passes.problem}")
    if prometheus and not form.watch:
        raise click.UsageError("--prometheus requires --watch")
    if form.watch:
        async with source_of(target, prometheus, instance, job) as source:
            await watch_series(
                *(source, form.interval, form.ticks, passes.passes),
                as_json=form.as_json,
                as_csv=form.as_csv,
            )
        return
    async with target.client() as client:
        await print_once(
            client, target.log_place, passes.passes, as_json=form.as_json, as_csv=form.as_csv
        )
