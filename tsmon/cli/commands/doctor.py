"""`tsmon doctor`: what is wrong with a server and this machine, and the remedy."""

from __future__ import annotations

from pathlib import Path

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.options import as_json, server_options
from tsmon.cli.reports.doctor import examine, exit_code, show, show_checks
from tsmon.cli.target import Target, pass_target
from tsmon.doctor.catalogue import CHECKS


def _known(ctx: click.Context, parameter: click.Parameter, ids: tuple[str, ...]) -> tuple[str, ...]:
    if not ids:
        return ids
    choice = click.Choice([check.id for check in CHECKS])
    return tuple(choice.convert(each, parameter, ctx) for each in ids)


@click.command()
@click.option(
    "--only",
    "ids",
    multiple=True,
    metavar="ID",
    callback=_known,
    help="Run only this check; can be repeated.",
)
@click.option("--list", "list_checks", is_flag=True, help="List the checks without running them.")
@click.option("--strict", is_flag=True, help="Exit with 1 on warnings too.")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A config.properties to check; by default the server's own, if found.",
)
@as_json
@server_options
@pass_target
@runs_async
async def doctor(
    target: Target,
    ids: tuple[str, ...],
    list_checks: bool,
    strict: bool,
    config: Path | None,
    as_json: bool,
) -> None:
    """Check a server and this machine, with a remedy for each problem.

    Exit code 0: nothing worse than a warning (with --strict, than a note); 1: there is; 3: the
    server does not answer, and what could be checked without it was.
    """
    checks = [check for check in CHECKS if not ids or check.id in ids]
    if list_checks:
        show_checks(checks, as_json)
        return
    report = await examine(target, checks, config)
    show(target, report, as_json)
    raise click.exceptions.Exit(exit_code(report, strict))
