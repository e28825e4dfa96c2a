"""The command that lists the models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.options import as_json, server_options
from tsmon.cli.output import emit_json, emit_table, say
from tsmon.cli.target import Target, pass_target
from tsmon.cli.verdicts import Judged, complain_of_unread, judge
from tsmon.telemetry.descriptions import describe_everything
from tsmon.telemetry.health.verdicts import ModelHealth

if TYPE_CHECKING:
    from tsmon.telemetry.source import Description

_HEADINGS = (
    *("NAME", "VERSION", "DEFAULT", "STATE", "READY"),
    *("WORKERS", "BATCH", "QUEUED", "ARCHIVE"),
)
_UNKNOWN = "?"


@click.command()
@as_json
@server_options
@pass_target
@runs_async
async def models(target: Target, as_json: bool) -> None:
    """List the registered models, every version with its workers and their state.

    What cannot be read of a model is told beside the others, and the exit code is then 1.
    """
    async with target.client() as client:
        found = await describe_everything(client.management)
        judged = judge(
            target.log_place,
            client.addresses,
            [entry.model for entry in found if entry.is_judged],
            target.access.log_zone,
        )
    rows = [(entry, judged.get((entry.model.name, entry.model.version))) for entry in found]
    if as_json:
        emit_json([_record(*row) for row in rows])
    elif rows:
        emit_table(_HEADINGS, [_row(*row) for row in rows], right="READY WORKERS BATCH QUEUED")
    else:
        say("no models are registered; `tsmon register ARCHIVE` registers one")
    complain_of_unread([entry for entry in found if entry.problem])


def _record(entry: Description, judged: Judged | None) -> dict[str, object]:
    """It as a record; what is not known is null, and `problem` tells what and why."""
    version = entry.model
    queue = version.queue
    unread = {"verdict": ModelHealth.UNREAD.value, "evidence": entry.problem}
    return {
        "name": version.name,
        "version": version.version or None,
        "default": entry.is_default,
        "url": version.url,
        "ready_workers": version.ready_workers if judged else None,
        "min_workers": version.min_workers if judged else None,
        "max_workers": version.max_workers if _knows(entry, "maxWorkers") else None,
        "batch_size": version.batch_size if _knows(entry, "batchSize") else None,
        "pending_requests": queue.pending if queue else None,
        **(judged.summary() if judged else {**unread, "inferred": False, "cause": None}),
        "problem": entry.problem or None,
    }


def _row(entry: Description, judged: Judged | None) -> list[str]:
    """It as cells under `_HEADINGS`."""
    version = entry.model
    return [
        version.name,
        version.version or _UNKNOWN,
        "default" if entry.is_default else "",
        (judged.verdict.health if judged else ModelHealth.UNREAD).value,
        str(version.ready_workers) if judged else _UNKNOWN,
        str(version.min_workers) if judged else _UNKNOWN,
        str(version.batch_size) if _knows(entry, "batchSize") else _UNKNOWN,
        str(version.queue.pending) if version.queue else "",
        version.url,
    ]


def _knows(entry: Description, field: str) -> bool:
    return entry.why is None and field not in entry.model.unread
