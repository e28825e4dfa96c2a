"""`tsmon experiment`: the same load at several worker counts; in the end all is as it was."""

from __future__ import annotations

import asyncio
import secrets
import sys
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.live import Live
from rich.text import Text

from tsmon.cli.console import talk
from tsmon.cli.coroutines import interruptible, runs_async
from tsmon.cli.fail_if import decides_on_errors, end_by, fail_if_setting_option
from tsmon.cli.options import server_options, version_option
from tsmon.cli.outcome import Exit, fail
from tsmon.cli.output import complain, confirm, say
from tsmon.cli.payload_options import GivenPayloads, payload_options
from tsmon.cli.reports.experiment import Form, emit_result, measured_line
from tsmon.cli.target import Target, pass_target
from tsmon.doctor.machine import usable_cores
from tsmon.load.capacity.experience import experienced_points, predictor
from tsmon.load.experiment.experiment import Experiment, Predict
from tsmon.load.experiment.files import check_suffix, write_result
from tsmon.load.experiment.kept import keep_result
from tsmon.load.experiment.plan import (
    DEFAULT_WARM_UP,
    WALKTHROUGH_BATCHES,
    WALKTHROUGH_WORKERS,
    ExperimentPlan,
    Load,
    Protocol,
)
from tsmon.load.experiment.restoring import RESTORE_S
from tsmon.load.experiment.restoring import restore as put_back
from tsmon.load.experiment.unfinished import abandoned_on
from tsmon.load.judging import judge_experiment
from tsmon.load.run.plan import DEFAULT_DURATION_S, MAX_CONCURRENCY
from tsmon.serving.assets import digit_assets
from tsmon.telemetry.snapshot import ModelKey
from tsmon.threads import in_thread
from tsmon.units import period

if TYPE_CHECKING:
    from tsmon.conditions import Condition
    from tsmon.load.experiment.steps import ExperimentStep
    from tsmon.torchserve.client import TorchServe

RESTORING = "stopping and restoring the original workers …"
STILL_RESTORING = f"the workers are being restored, for {period(RESTORE_S)} at the most"


class Numbers(click.ParamType[tuple[int, ...]]):
    """`1,2,4` as a tuple."""

    name = "numbers"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """What stands behind the option in its help."""
        return "N,N,…"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Read the numbers; what is not valid is wrong usage."""
        if isinstance(value, tuple):
            return value
        try:
            return tuple(int(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} is not a list of whole numbers such as 1,2,4", param, ctx)


NUMBERS = Numbers()


class Protocols(click.ParamType[tuple[Protocol, ...]]):
    """`http,grpc` as a tuple."""

    name = "protocols"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """What stands behind the option in its help."""
        return "NAME,NAME"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Protocol, ...]:
        """Read the names; what is not valid is wrong usage."""
        if isinstance(value, tuple):
            return value
        try:
            return tuple(Protocol(part.strip()) for part in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} is not a list of http and grpc", param, ctx)


PROTOCOLS = Protocols()


@click.command()
@click.argument("model")
@click.argument("folder", required=False, type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--workers",
    type=NUMBERS,
    default=",".join(map(str, WALKTHROUGH_WORKERS)),
    show_default=True,
    help="Worker counts to compare, in this order.",
)
@click.option(
    "--batches",
    type=NUMBERS,
    help="Sizes of the image batches to send, one after the other.  "
    f"[default: {','.join(map(str, WALKTHROUGH_BATCHES))}]",
)
@click.option("--rate", type=float, help="Instead: arrival rate in requests per second.")
@click.option(
    "--poisson",
    is_flag=True,
    help="With --rate: random (Poisson) arrivals instead of evenly spaced ones.",
)
@click.option(
    "--concurrency",
    "-c",
    type=click.IntRange(1, MAX_CONCURRENCY),
    help="Requests in flight at a time.  [default: 1; with --rate as many as needed]",
)
@click.option(
    "--duration",
    type=float,
    help=(
        "Instead of batches: how many seconds to send.  [default: with --rate "
        f"{DEFAULT_DURATION_S:g}]"
    ),
)
@click.option(
    "--batch-sizes", type=NUMBERS, help="Batch sizes to compare too; registers the model again."
)
@click.option(
    "--batch-delays",
    type=NUMBERS,
    help="Batch delays (ms) to compare too; registers the model again.",
)
@click.option(
    "--protocols",
    type=PROTOCOLS,
    help="Protocols to compare at each setting: http,grpc. [default: http alone]",
)
@click.option(
    "--warm-up",
    default=DEFAULT_WARM_UP,
    show_default=True,
    type=click.IntRange(0),
    help="Warm-up requests per worker before measuring.",
)
@click.option("--seed", type=int, help="Seed, to pick the same images every time.")
@click.option("--restore", is_flag=True, help="Only restore what a killed experiment left behind.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask before registering the model again.")
@click.option("--json", "form", flag_value=Form.JSON, type=Form, help="Print JSON.")
@click.option("--csv", "form", flag_value=Form.CSV, type=Form, help="Print CSV.")
@click.option("--markdown", "form", flag_value=Form.MARKDOWN, type=Form, help="Print Markdown.")
@click.option(
    "--chart",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Also write the bar chart to this SVG file.",
)
@fail_if_setting_option
@payload_options
@version_option
@server_options
@pass_target
@runs_async
async def experiment(
    target: Target,
    model: str,
    folder: Path | None,
    workers: tuple[int, ...],
    batches: tuple[int, ...] | None,
    rate: float | None,
    poisson: bool,
    concurrency: int | None,
    duration: float | None,
    batch_sizes: tuple[int, ...] | None,
    batch_delays: tuple[int, ...] | None,
    protocols: tuple[Protocol, ...] | None,
    warm_up: int,
    seed: int | None,
    restore: bool,
    yes: bool,
    form: Form | None,
    chart: Path | None,
    conditions: tuple[Condition, ...],
    given: GivenPayloads,
    version: str | None,
) -> None:
    """Give a MODEL several numbers of workers in turn and measure the same load at each.

    Without options it does what the walkthrough does by hand and shows its figures beside. The
    images of FOLDER are sent, else its other files; by default the sample digits.
    Whatever happens, Ctrl-C included, the model ends with the workers and the registration it had.
    """
    if restore:
        await _restore(target, model, version)
        return
    if batches and (rate is not None or duration is not None):
        raise click.UsageError("choose --batches, or --rate and --duration")
    if chart is not None:
        check_suffix(chart, ".svg")
    if rate is not None and duration is None:
        duration = DEFAULT_DURATION_S
    plan = ExperimentPlan(
        model=model,
        payloads=given.payloads([folder] if folder else [], digit_assets().samples),
        form=given.form(),
        answer_path=given.answer_path,
        version=version,
        worker_counts=workers,
        load=Load(batches or WALKTHROUGH_BATCHES, concurrency, rate, duration, poisson),
        batch_sizes=batch_sizes or (),
        batch_delays_ms=batch_delays or (),
        protocols=protocols or (),
        warm_up=warm_up,
        seed=secrets.randbelow(2**32) if seed is None else seed,
    )
    async with target.client() as client, _grpc_client(target, plan) as over_grpc:
        experiment = Experiment(
            client,
            plan,
            target.log_place,
            await _predict(client, plan, target),
            home=target.own_home.path,
            over_grpc=over_grpc,
        )
        _agree(await experiment.look(), ask=plan.registers and not yes)
        try:
            stopped = await _carry_out(experiment)
        finally:
            left_well = _say_how_it_was_left(experiment)
            if experiment.result.measurements:
                judgements = judge_experiment(experiment.result, conditions)
                emit_result(experiment.result, form or Form.TEXT, judgements)
    if chart is not None and experiment.result.measurements:
        write_result(experiment.result, chart)
    if stopped:
        say("stopped by Ctrl-C")
        raise click.exceptions.Exit(Exit.INTERRUPTED)
    say(f"saved in {keep_result(experiment.result, target.own_home.path)}")
    if not left_well:
        raise click.exceptions.Exit(Exit.FAILED)
    failed = sum(each.errors for each in experiment.result.measurements)
    if failed and not decides_on_errors(conditions):
        fail(f"{failed} requests were not answered; see the notes")
    end_by(judge_experiment(experiment.result, conditions))


def _grpc_client(
    target: Target, plan: ExperimentPlan
) -> AbstractAsyncContextManager[TorchServe | None]:
    """A client over gRPC, where the plan compares that."""
    return target.access.grpc_client() if Protocol.GRPC in plan.protocols else nullcontext()


async def _restore(target: Target, model: str, version: str | None) -> None:
    """Put a model back after experiments that were killed."""
    async with target.client(hints=False) as client:
        client.management.refuse_when_read_only()
        notes = [
            note
            for note in abandoned_on(client.addresses.label, target.own_home.path)
            if note.model == model and version in {None, note.version}
        ]
        if not notes:
            say(f"no experiment with {model} was killed here; there is nothing to restore")
        # The oldest note is of the model as it was before all of them.
        for note in notes:
            with talk.status(f"restoring {model} …"):
                left = await put_back(note, client.management)
            if not left.done:
                fail(left.message, left.remedy)
            say(left.message)


def _agree(outlook: tuple[str, ...], *, ask: bool) -> None:
    """Say what will happen; ask first where that is more than scaling and a person is there."""
    for line in outlook:
        say(line)
    if ask and sys.stdin.isatty():
        confirm("Go on?")


async def _predict(client: TorchServe, plan: ExperimentPlan, target: Target) -> Predict | None:
    """What earlier experiments with this version give to expect."""
    described = await client.management.describe(plan.model, plan.version)
    key = ModelKey(described.name, described.version)
    home = target.own_home.path
    points = await in_thread(experienced_points, client.addresses.label, key, home)
    return predictor(points, key, usable_cores() if client.addresses.is_local else None)


async def _carry_out(experiment: Experiment) -> bool:
    """Run it with a line on stderr that shows progress; gives whether it was interrupted."""
    with Live(console=talk, auto_refresh=False, transient=True) as live:

        def show(step: ExperimentStep) -> None:
            if step.setting is not None and step.measurement is not None:
                line = measured_line(step.setting, step.measurement)
                say(f"{step.number} of {step.total}: {line}")
            elif talk.is_terminal:
                live.update(Text(str(step)), refresh=True)

        work = asyncio.ensure_future(experiment.run(show))
        with interruptible(work, RESTORING, STILL_RESTORING):
            try:
                await work
            except asyncio.CancelledError:
                return True
    return False


def _say_how_it_was_left(experiment: Experiment) -> bool:
    """Print whether the model is as it was, and if not, what to do."""
    left = experiment.restoration
    if left is None:
        return True
    if left.done:
        say(left.message)
    else:
        complain(left.message, left.remedy)
    return left.done
