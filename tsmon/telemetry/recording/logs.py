"""What the log files showed of workers, in a recording: worker states, and causes of failures.

Log files carry the server's local time without a zone. A recording has Unix time instead, as it may
be read in another zone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tsmon.logs.lines import WorkerThread
from tsmon.telemetry.logs.causes import Cause
from tsmon.telemetry.logs.known_exceptions import CauseKind
from tsmon.telemetry.logs.worker_events import Phase
from tsmon.telemetry.logs.worker_states import Death, DeathReason, WorkerState
from tsmon.telemetry.recording.database import Database, numbers, texts
from tsmon.telemetry.snapshot import ModelKey
from tsmon.untrusted.secrets import masked

if TYPE_CHECKING:
    from tsmon.telemetry.source import Observation

DROP_UNUSED_CAUSES = "DELETE FROM cause WHERE id NOT IN (SELECT cause FROM failure)"

_CAUSE = "kind, message, detail, hint, worker, model, version, time, fatal, certain"
_INSERT_CAUSE = f"INSERT OR IGNORE INTO cause ({_CAUSE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
_INSERT_FAILURE = f"""
INSERT INTO failure SELECT ?, ?, ?, id FROM cause
WHERE ({_CAUSE}) = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""  # noqa: S608
_INSERT_LIFE = "INSERT INTO life VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_SELECT_CAUSES = """
SELECT failure.model, failure.version, kind, message, detail, hint, worker, cause.model,
    cause.version, time, fatal, certain
FROM failure JOIN cause ON cause.id = failure.cause WHERE tick = ?
"""
_SELECT_ALL_CAUSES = """
SELECT kind, message, detail, hint, worker, model, version, time, fatal, certain
FROM cause ORDER BY id
"""
_SELECT_LIVES = """
SELECT worker, model, version, phase, since, pid, launched, retry_due, recovering_since, deaths,
    death, death_reason, death_loading, stopping
FROM life WHERE tick = ?
"""


class Logged(NamedTuple):
    """What the log files showed at a tick."""

    worker_states: Mapping[str, WorkerState] | None = None
    causes: Mapping[ModelKey, Cause] = {}
    folder: Path | None = None


def write_logs(connection: sqlite3.Connection, tick: int, observation: Observation) -> None:
    """Write what the logs showed at a tick; nothing where they could not be read."""
    if observation.worker_states is None:
        return
    folder = observation.log_folder
    connection.execute("INSERT INTO log VALUES (?, ?)", (tick, str(folder) if folder else None))
    for id_, state in observation.worker_states.items():
        connection.execute(_INSERT_LIFE, (tick, id_, *_state_row(state)))
    for key, cause in observation.causes.items():
        row = _cause_row(cause)
        connection.execute(_INSERT_CAUSE, row)
        connection.execute(_INSERT_FAILURE, (tick, key.name, key.version, *row))


def read_logs(database: Database, tick: int) -> Logged:
    """What the logs showed at a tick; all of it missing where they could not be read.

    Raises:
        sqlite3.Error: it cannot be read.
        ValueError: something else is where a number should be or text.
    """
    found = database.rows("SELECT folder FROM log WHERE tick = ?", tick)
    if not found:
        return Logged()
    folder = found[0][0]
    return Logged(
        worker_states={row[0]: _state(*row) for row in database.rows(_SELECT_LIVES, tick)},
        causes={
            ModelKey(*texts(row[:2])): _cause(*row[2:])
            for row in database.rows(_SELECT_CAUSES, tick)
        },
        folder=Path(*texts([folder])) if folder else None,
    )


def read_causes(database: Database) -> list[Cause]:
    """All causes, in the order they were written in.

    Raises:
        sqlite3.Error: they cannot be read.
        ValueError: something else is where a number should be or text.
    """
    return [_cause(*row) for row in database.rows(_SELECT_ALL_CAUSES)]


def _state_row(state: WorkerState) -> tuple[object, ...]:
    death = state.last_death
    return (
        state.worker.model,
        state.worker.version,
        state.phase.value if state.phase else None,
        _unix(state.since),
        state.pid,
        _unix(state.launched),
        _unix(state.retry_due),
        _unix(state.recovering_since),
        state.deaths,
        _unix(death.time) if death else None,
        death.reason.name if death else None,
        death.loading if death else None,
        state.stopping,
    )


def _state(
    worker: str,
    model: str,
    version: str,
    phase: str | None,
    since: float | None,
    pid: int | None,
    launched: float | None,
    retry_due: float | None,
    recovering_since: float | None,
    deaths: int,
    death: float | None,
    death_reason: str | None,
    death_loading: int | None,
    stopping: int,
) -> WorkerState:
    texts((worker, model, version))
    numbers([each for each in (pid, deaths) if each is not None])
    died = _local(death)
    return WorkerState(
        worker=WorkerThread(worker, model, version),
        phase=Phase(phase) if phase else None,
        since=_local(since),
        pid=pid,
        launched=_local(launched),
        retry_due=_local(retry_due),
        recovering_since=_local(recovering_since),
        deaths=deaths,
        last_death=(
            Death(died, DeathReason[death_reason], bool(death_loading))
            if died and death_reason
            else None
        ),
        stopping=bool(stopping),
    )


def _cause_row(cause: Cause) -> tuple[object, ...]:
    return (
        cause.kind.name,
        masked(cause.message),
        masked("".join(f"{line}\n" for line in cause.detail_lines)),
        cause.hint,
        cause.worker_id,
        cause.model,
        cause.version,
        cause.time.timestamp(),
        cause.fatal,
        cause.certain,
    )


def _cause(
    kind: str,
    message: str,
    detail: str,
    hint: str,
    worker: str,
    model: str,
    version: str,
    time: float,
    fatal: int,
    certain: int,
) -> Cause:
    texts((message, detail, hint, worker, model, version))
    return Cause(
        kind=CauseKind[kind],
        message=message,
        detail_lines=tuple(detail.split("\n")[:-1]),
        hint=hint,
        worker_id=worker,
        model=model,
        version=version,
        time=datetime.fromtimestamp(time),
        fatal=bool(fatal),
        certain=bool(certain),
    )


def _unix(moment: datetime | None) -> float | None:
    """Unix time of a moment of this machine's clock."""
    return moment.timestamp() if moment else None


def _local(unix: float | None) -> datetime | None:
    """The moment as this machine's clock shows it, without a zone."""
    return None if unix is None else datetime.fromtimestamp(unix)
