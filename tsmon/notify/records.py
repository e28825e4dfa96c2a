"""An event as others are given it: a record for JSON, and variables of the environment.

Names are what the server calls them, whatever is in them; secrets are in neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tsmon.untrusted.secrets import masked, masked_values
from tsmon.untrusted.text import one_line

if TYPE_CHECKING:
    from tsmon.telemetry.events import Event

Record = dict[str, Any]
_LONGEST_VARIABLE = 4096


def event_record(event: Event, server: str = "") -> Record:
    """What happened; `server` is what the server is called, left out where it is not said."""
    record: Record = {
        "time": event.at.wall.isoformat(),
        "event": event.kind.value,
        "bad": event.kind.is_bad,
        "subject": event.subject,
        "text": event.text,
    }
    if server:
        record["server"] = server
    if event.model is not None:
        record |= {"model": event.model.name, "version": event.model.version}
    if (status := event.limit) is not None:
        condition = status.limit.condition
        record["limit"] = {
            "name": status.limit.name,
            "condition": str(condition),
            "state": status.state.value,
            "value": status.value,
            "threshold": condition.value,
            "dimension": condition.dimension.value,
        }
    masked_record: Record = masked_values(record)
    return masked_record


def variables(record: Record) -> dict[str, str]:
    """The same for a command: `TSMON_EVENT`, `TSMON_MODEL`, `TSMON_LIMIT` and others."""
    values = {f"TSMON_EVENT_{name.upper()}": record[name] for name in ("time", "subject", "text")}
    values["TSMON_EVENT"] = record["event"]
    for name in ("server", "model", "version"):
        if name in record:
            values[f"TSMON_{name.upper()}"] = record[name]
    if "limit" in record:
        values["TSMON_LIMIT"] = record["limit"]["name"]
    return {name: _variable(value) for name, value in values.items()}


def sentence(record: Record) -> str:
    """One visible line for a notification."""
    return one_line(f"{record['event']}: {record['subject']}, {record['text']}")


def _variable(value: str) -> str:
    return masked(value).replace("\0", "")[:_LONGEST_VARIABLE]
