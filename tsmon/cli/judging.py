"""What one look tells of model versions: the verdict on each, and the cause where it is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tsmon.cli.log_folder import log_folder
from tsmon.cli.outcome import Exit
from tsmon.cli.output import complain
from tsmon.telemetry.health.verdicts import ModelHealth, ModelVerdict
from tsmon.telemetry.health.watch import Answers, HealthWatch
from tsmon.telemetry.instant import Instant
from tsmon.telemetry.logs.causes import MOST_BYTES, Cause, read_cause
from tsmon.telemetry.logs.files import MODEL_LOG, TS_LOG
from tsmon.telemetry.logs.lately import statuses_lately
from tsmon.telemetry.logs.times import TimesKey
from tsmon.telemetry.logs.watch import read_lives
from tsmon.telemetry.logs.zone import LogZone
from tsmon.telemetry.snapshot import ModelKey

if TYPE_CHECKING:
    from tsmon.telemetry.logs.place import LogPlace
    from tsmon.telemetry.source import Description
    from tsmon.torchserve.addresses import Addresses
    from tsmon.torchserve.records import ModelVersion

VersionKey = tuple[str, str]
"""Name and version of a model."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict on a version, and why it failed where it did and the logs tell."""

    verdict: ModelVerdict
    cause: Cause | None = None

    @property
    def lines(self) -> list[str]:
        """It as lines for people."""
        state = f"{'state':<10} {self.verdict.health}: {self.verdict.evidence}"
        return [state, *(cause_lines(self.cause) if self.cause else [])]

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
) -> Mapping[VersionKey, Judged]:
    """The verdicts on these versions; with the logs that are named or those of a local server.

    `zone` is that of their stamps, by default worked out.

    What takes time to see, as that nothing is answered, one look cannot tell.
    """
    with log_folder(named, addresses, (MODEL_LOG, TS_LOG), MOST_BYTES) as folder:
        log_zone = LogZone(zone)
        lives = read_lives(folder, log_zone) if folder else None
        at = Instant.now()
        answers = _answers(folder, log_zone, at, versions) if folder else None
        verdicts = HealthWatch().judge(at, versions, answers=answers, lives=lives)
        return {
            key: Judged(verdict, _cause(folder, key, verdict, log_zone))
            for key, verdict in verdicts.items()
        }


def _answers(
    folder: Path, zone: LogZone, at: Instant, versions: Sequence[ModelVersion]
) -> Mapping[VersionKey, Answers]:
    """How the requests of the last minute ended, by the log."""
    found = statuses_lately(folder, zone, at.wall.astimezone().replace(tzinfo=None))
    keys = [(version.name, version.version) for version in versions]
    return {key: Answers(statuses=found.get(TimesKey(*key), {})) for key in keys}


def _cause(
    folder: Path | None, key: VersionKey, verdict: ModelVerdict, zone: LogZone
) -> Cause | None:
    if folder is None or verdict.health is ModelHealth.READY:
        return None
    cause = read_cause(folder, model=key[0], version=key[1])
    return cause.here(zone) if cause else None


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


def cause_of(
    named: LogPlace | None, addresses: Addresses, model: str, version: str | None
) -> Cause | None:
    """The last cause that the logs have for a model; None without logs or failures."""
    with log_folder(named, addresses, (MODEL_LOG, TS_LOG), MOST_BYTES) as folder:
        cause = read_cause(folder, model=model, version=version) if folder else None
        if folder is None or cause is None:
            return None
        zone = LogZone()
        zone.look(folder)
        return cause.here(zone)


def cause_lines(cause: Cause) -> list[str]:
    """The cause as lines: what, where, and what to do."""
    where = f"worker {cause.worker_id}" if cause.worker_id else "registration"
    sure = "" if cause.certain else " (told by another attempt)"
    return [
        f"{cause.kind.value}: {cause.message}",
        f"  {where} at {cause.time:%H:%M:%S}{sure}",
        f"  → {cause.hint}",
    ]


def complain_of_unread(entries: Sequence[Description]) -> None:
    """Say what could not be read, and end the command by it."""
    for entry in entries:
        key = ModelKey(entry.model.name, entry.model.version)
        complain(f"{key}: {entry.problem}", entry.why.hint if entry.why else "")
    if entries:
        raise click.exceptions.Exit(Exit.FAILED)
