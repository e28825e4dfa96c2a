"""A model version as a row of the table of models, and as a record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsmon.telemetry.health.verdicts import ModelHealth

if TYPE_CHECKING:
    from tsmon.cli.judging import Judged
    from tsmon.telemetry.source import Description

HEADINGS = (
    *("NAME", "VERSION", "DEFAULT", "STATE", "READY"),
    *("WORKERS", "BATCH", "QUEUED", "ARCHIVE"),
)
UNKNOWN = "?"


def model_record(entry: Description, judged: Judged | None) -> dict[str, object]:
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


def model_row(entry: Description, judged: Judged | None) -> list[str]:
    """It as cells under `HEADINGS`."""
    version = entry.model
    return [
        version.name,
        version.version or UNKNOWN,
        "default" if entry.is_default else "",
        (judged.verdict.health if judged else ModelHealth.UNREAD).value,
        str(version.ready_workers) if judged else UNKNOWN,
        str(version.min_workers) if judged else UNKNOWN,
        str(version.batch_size) if _knows(entry, "batchSize") else UNKNOWN,
        str(version.queue.pending) if version.queue else "",
        version.url,
    ]


def _knows(entry: Description, field: str) -> bool:
    return entry.why is None and field not in entry.model.unread
