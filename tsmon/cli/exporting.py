"""What the export commands share: their options, which servers are meant, and the report."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tsmon.cli.output import complain, emit, emit_json, say
from tsmon.cli.project_trust import require_trust
from tsmon.config.schema import ServerSettings
from tsmon.export.files import write
from tsmon.export.targets import scrape_target
from tsmon.untrusted.shell import shell_word

if TYPE_CHECKING:
    from tsmon.cli.target import Target
    from tsmon.export.files import ExportFile
    from tsmon.export.targets import ScrapeTarget

F = TypeVar("F", bound=Callable[..., Any])

folder_argument = click.argument(
    "folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False)
)
force_option = click.option("--force", is_flag=True, help="Replace files that are there.")
servers_option = click.option(
    "--server",
    "servers",
    multiple=True,
    metavar="NAME|URL",
    help="A server name from the configuration, or a management address. [default: all servers of "
    "the configuration, else the one at 127.0.0.1]",
)
image_option = click.option(
    "--image", default="tsmon", show_default=True, help="tsmon's own image: `make docker-image`."
)
_RULE_OPTIONS = (
    click.option(
        "--interval",
        "interval_s",
        default=15,
        show_default=True,
        type=click.IntRange(1, 60),
        help="Seconds between two scrapes.",
    ),
    click.option(
        "--p95-ms",
        default=500.0,
        show_default=True,
        type=click.FloatRange(0, min_open=True),
        help="Target for p95 of the response time in ms, which alerts are about.",
    ),
)


def rule_options(command: F) -> F:
    """The options that rules depend on."""
    for option in reversed(_RULE_OPTIONS):
        command = option(command)
    return command


def targets_of(
    ctx: click.Context, target: Target, names: tuple[str, ...]
) -> tuple[ScrapeTarget, ...]:
    """What Prometheus is to scrape; of a server that it cannot reach it is said.

    Raises:
        NotTrusted: a project's file that was not trusted names the servers.
        InvalidArgument: one is not a valid address.
    """
    if target.server and not target.server_by_file and not names:
        names = (target.server,)
    configured = target.loaded.config.servers
    if not names or any(name in configured for name in names):
        require_trust(ctx, target, ask=False, fleet=True)
    found = []
    for name in names or configured or ("",):
        settings = configured.get(name, ServerSettings(url=name))
        each = scrape_target(settings, name if name in configured else "")
        if each is None:
            complain(f"{name} is left out: Prometheus cannot scrape a unix socket")
        else:
            found.append(each)
        if settings.headers:
            complain(f"{name}: Prometheus cannot send its headers")
    return tuple(found)


def report(
    folder: Path,
    files: Iterable[ExportFile],
    steps: Iterable[str],
    *,
    force: bool,
    as_json: bool,
) -> None:
    """Write the files, and say which and what to do next.

    Raises:
        ExportError: they could not be written.
    """
    outcomes = write(folder, files, force=force)
    steps = [step.replace("DIR", shell_word(str(folder))) for step in steps]
    if as_json:
        written = [{"path": str(path), "outcome": word} for path, word in outcomes.items()]
        emit_json({"files": written, "next": steps})
        return
    for path, outcome in outcomes.items():
        emit(f"{outcome:<9}  {path}")
    say("next:")
    for step in steps:
        say(f"  {step}")
