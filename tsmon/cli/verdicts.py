"""What one look shows of model versions: the verdict on each, and the cause where it is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from tsmon.cli.log_folder import log_folder
from tsmon.cli.outcome import Exit
from tsmon.cli.output import complain
from tsmon.telemetry.health.server_signs import PingWatch, ServerSigns, lacking
from tsmon.telemetry.health.watch import HealthWatch
from tsmon.telemetry.instant import Instant
from tsmon.torchserve.errors import TorchServeError

if TYPE_CHECKING:
    from tsmon.cli.log_evidence import LogEvidence
    from tsmon.logs.places import LogPlace
    from tsmon.telemetry.health.verdicts import ModelVerdict
    from tsmon.telemetry.logs.causes import Cause
    from tsmon.telemetry.source import Description
    from tsmon.torchserve.addresses import Addresses
    from tsmon.torchserve.client import TorchServe
    from tsmon.torchserve.records import ModelVersion, VersionKey


class Judged(Struct, frozen=True):
    """The verdict on a version, and why it failed where it did and the logs show it."""

    verdict: ModelVerdict
    cause: Cause | None = None

    @property
    def lines(self) -> list[str]:
        """It as lines for people."""
        state = f"{'state':<10} {self.verdict.health}: {self.verdict.evidence}"
        return [state, *(cause_lines(self.cause) if self.cause else [])]

    def ready(self, version: ModelVersion) -> int:
        """How many of its workers can answer."""
        pairs = zip(version.workers, self.verdict.workers, strict=True)
        return sum(worker.ready and verdict.is_serving for worker, (_, verdict) in pairs)

    def summary(self) -> dict[str, object]:
        """It as a record."""
        return {
            "verdict": self.verdict.health.value,
            "evidence": self.verdict.evidence,
            "inferred": self.verdict.inferred,
            "cause": _cause_record(self.cause) if self.cause else None,
        }

    def record(self) -> dict[str, object]:
        """It as a record, with the verdict on each worker."""
        workers = [
            {
                "id": id_,
                "verdict": verdict.health.value,
                "evidence": verdict.evidence,
                "inferred": verdict.inferred,
                "retry_in_s": verdict.retry_in_s,
            }
            for id_, verdict in self.verdict.workers
        ]
        return {**self.summary(), "workers": workers}


def judge(
    named: LogPlace | None,
    addresses: Addresses,
    versions: Sequence[ModelVersion],
    zone: tzinfo | None = None,
    signs: ServerSigns | None = None,
) -> Mapping[VersionKey, Judged]:
    """The verdicts on these versions; with the logs that are named or those of a local server.

    `zone` is that of their stamps, by default worked out; `signs` what `signs_of` gives.

    What takes time to see, as that nothing is answered, one look does not show.
    """
    with log_folder(named, addresses) as folder:
        logs = _evidence(folder, zone) if folder else None
        worker_states = logs.worker_states(versions) if logs else None
        at = Instant.now()
        answers = logs.answers(at, versions) if logs else None
        verdicts = HealthWatch().judge(
            at,
            versions,
            answers=answers,
            worker_states=worker_states,
            signs=signs or ServerSigns(),
        )
        return {
            key: Judged(verdict, logs.cause(key, verdict) if logs else None)
            for key, verdict in verdicts.items()
        }


async def signs_of(client: TorchServe, entries: Sequence[Description]) -> ServerSigns:
    """What the server says of its workers beside describe, where any of them is not ready."""
    try:
        version = (await client.management.api_description()).version
    except TorchServeError:
        version = ""
    ping = await PingWatch(client.inference).look(entries)
    return ServerSigns(version, ping, lacking(entries))


def _evidence(folder: Path, zone: tzinfo | None) -> LogEvidence:
    # Reading logs is a third of what these commands import, and most servers' are elsewhere.
    from tsmon.cli.log_evidence import LogEvidence

    return LogEvidence(folder, zone)


def _cause_record(cause: Cause) -> dict[str, object]:
    return {
        "kind": cause.kind.value,
        "message": cause.message,
        "hint": cause.hint,
        "worker": cause.worker_id or None,
        "time": cause.time.isoformat(),
        "certain": cause.certain,
        "detail": list(cause.detail_lines),
    }


def cause_lines(cause: Cause) -> list[str]:
    """The cause as lines: what, where, and what to do."""
    where = f"worker {cause.worker_id}" if cause.worker_id else "registration"
    sure = "" if cause.certain else " (not certain)"
    return [
        f"{cause.kind.value}: {cause.message}",
        f"  {where} at {cause.time:%H:%M:%S}{sure}",
        f"  → {cause.hint}",
    ]


def complain_of_unread(entries: Sequence[Description]) -> None:
    """Say what could not be read, and end the command by it."""
    for entry in entries:
        name = f"{entry.model.name} {entry.model.version}".rstrip()
        complain(f"{name}: {entry.problem}", entry.why.hint if entry.why else "")
    if entries:
        raise click.exceptions.Exit(Exit.FAILED)
