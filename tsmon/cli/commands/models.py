"""The command that lists the models."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from tsmon.cli.coroutines import runs_async
from tsmon.cli.options import as_json, server_and_grpc_options
from tsmon.cli.output import ReportColumn, complain, emit_columns, emit_json, say
from tsmon.cli.target import Target, pass_target
from tsmon.cli.verdicts import Judged, complain_of_unread, judge, signs_of
from tsmon.telemetry.descriptions import describe_everything
from tsmon.telemetry.health.verdicts import ModelHealth
from tsmon.torchserve.errors import ONE_PORT_HINT

if TYPE_CHECKING:
    from tsmon.telemetry.source import Description
    from tsmon.torchserve.records import ModelVersion

_UNKNOWN = "?"


class _Row(NamedTuple):
    entry: Description
    judged: Judged | None

    @property
    def version(self) -> ModelVersion:
        return self.entry.model

    @property
    def state(self) -> str:
        return (self.judged.verdict.health if self.judged else ModelHealth.UNREAD).value


def _known(value: int | None) -> str:
    return _UNKNOWN if value is None else str(value)


_COLUMNS: tuple[ReportColumn[_Row], ...] = (
    ReportColumn("NAME", lambda row: row.version.name),
    ReportColumn("VERSION", lambda row: row.version.version or _UNKNOWN),
    ReportColumn("DEFAULT", lambda row: "default" if row.entry.is_default else ""),
    ReportColumn("STATE", lambda row: row.state),
    ReportColumn(
        "READY", lambda row: _known(row.judged.ready(row.version) if row.judged else None), True
    ),
    ReportColumn(
        "WORKERS", lambda row: str(row.version.min_workers) if row.judged else _UNKNOWN, True
    ),
    ReportColumn(
        "BATCH",
        lambda row: _known(row.version.batch_size),
        True,
    ),
    ReportColumn(
        "QUEUED",
        lambda row: _known(row.version.queue.pending if row.version.queue else None),
        True,
    ),
    ReportColumn("ARCHIVE", lambda row: row.version.url),
)


@click.command()
@as_json
@server_and_grpc_options
@pass_target
@runs_async
async def models(target: Target, as_json: bool) -> None:
    """List the registered models, every version with its workers and their state.

    What cannot be read of a model is reported beside the others, and the exit code is then 1.
    """
    async with target.client() as client:
        found = await describe_everything(client.management)
        judged = judge(
            target.log_place,
            client.addresses,
            [entry.model for entry in found if entry.is_judged],
            target.access.log_zone,
            await signs_of(client, found),
        )
    rows = [_Row(entry, judged.get((entry.model.name, entry.model.version))) for entry in found]
    if as_json:
        emit_json([_record(row) for row in rows])
    elif rows:
        emit_columns(_COLUMNS, rows)
    else:
        say("no models are registered; `tsmon register ARCHIVE` registers one")
    if client.management.shows_defaults_only:
        complain("only default versions can be seen here", ONE_PORT_HINT)
    complain_of_unread([entry for entry in found if entry.problem])


def _record(row: _Row) -> dict[str, object]:
    """It as a record; what is not known is null, and `problem` shows what and why."""
    entry, judged = row
    version = entry.model
    queue = version.queue
    unread = {"verdict": ModelHealth.UNREAD.value, "evidence": entry.problem}
    return {
        "name": version.name,
        "version": version.version or None,
        "default": entry.is_default,
        "url": version.url,
        "ready_workers": judged.ready(version) if judged else None,
        "min_workers": version.min_workers if judged else None,
        "max_workers": version.max_workers,
        "batch_size": version.batch_size,
        "pending_requests": queue.pending if queue else None,
        **(judged.summary() if judged else {**unread, "inferred": False, "cause": None}),
        "problem": entry.problem or None,
    }
