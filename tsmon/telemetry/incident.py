"""The minutes of an incident in one folder: a replay file, a summary, a picture of the screen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from platformdirs import user_state_path

from tsmon import __version__
from tsmon.telemetry.recording.writer import Writer
from tsmon.telemetry.status_signs import SERVER_SIGNS, model_sign
from tsmon.torchserve.errors import TorchServeError
from tsmon.units import ABSENT, count, milliseconds, number, percent, plural
from tsmon.untrusted.private import private_folder, write_private
from tsmon.untrusted.secrets import masked
from tsmon.untrusted.text import few_lines, one_line, visible

if TYPE_CHECKING:
    from tsmon.telemetry.events import Event
    from tsmon.telemetry.past import Past
    from tsmon.telemetry.snapshot import ModelKey, ModelStatus, Snapshot
    from tsmon.telemetry.source import Observation

REPLAY, SUMMARY, PICTURE = "incident.tsmon", "summary.md", "screen.svg"
_LONGEST_CELL = 200


class Incident(Struct, frozen=True):
    """What is known of the minutes that are written down."""

    first: Snapshot
    last: Snapshot
    since: Sequence[tuple[str, datetime | None]]
    """Which models were ill at the end and since when; None for since before the first tick."""
    events: Sequence[Event]
    """The oldest first."""


class IncidentError(TorchServeError):
    """The folder could not be written."""


def default_incidents() -> Path:
    """Where incidents are written by default."""
    return user_state_path("tsmon") / "incidents"


def folder_name(last: Snapshot) -> str:
    """A name by the time and the server."""
    label = "".join(each if each.isalnum() or each in ".-" else "-" for each in last.server.label)
    return f"{last.at.wall.astimezone():%Y-%m-%d-%H%M%S}-{label[:60]}"


def write_incident(
    folder: Path, incident: Incident, observations: Iterable[Observation], picture: str
) -> Path:
    """Write the three files into a folder of their own; gives it. Blocks while it writes.

    Raises:
        IncidentError: it cannot be written.
    """
    made = folder / folder_name(incident.last)
    try:
        private_folder(made)
        (made / REPLAY).unlink(missing_ok=True)  # of the same second
        with closing(Writer(made / REPLAY, incident.last.server.label)) as writer:
            for observation in observations:
                writer.write(observation)
        write_private(made / SUMMARY, masked(summary(incident)))
        write_private(made / PICTURE, masked(picture))
    except OSError as error:
        reason = error.strerror or str(error)
        raise IncidentError(f"cannot write {made}: {reason}", "choose another folder") from None
    return made


def summary(incident: Incident) -> str:
    """What happened, as Markdown for a ticket or a chat."""
    return "\n".join(_lines(incident)) + "\n"


def find_since(past: Past, first: int, last: int) -> list[tuple[str, datetime | None]]:
    """The models that are ill at the last of some ticks, each with when it began among them."""
    ill = {model.key: model.verdict.health for model in _ill(past[last])}
    began: dict[ModelKey, datetime | None] = {}
    for index in range(last, first - 1, -1):
        snapshot = past[index]
        for key in ill.keys() - began.keys():
            then = snapshot.model(key)
            if then is None or then.verdict.health is not ill[key]:
                began[key] = past.at(index + 1).wall
        if len(began) == len(ill):
            break
    return [(str(key), began.get(key)) for key in ill]


def _lines(incident: Incident) -> Iterator[str]:
    first, last = incident.first, incident.last
    server = last.server
    begin, end = first.at.wall.astimezone(), last.at.wall.astimezone()
    yield f"# {_what(last)}"
    yield ""
    sign = SERVER_SIGNS[server.state]
    yield f"- server: {_cell(server.label)}, {sign.word}, TorchServe {server.version or 'unknown'}"
    yield f"- from {begin:%Y-%m-%d %H:%M:%S} to {end:%H:%M:%S %Z} ({end.isoformat()})"
    yield f"- replay: `tsmon replay {REPLAY}`; screen at the end: {PICTURE}"
    yield f"- written by tsmon {__version__}"
    if server.problem is not None:
        yield f"- problem: {_cell(str(server.problem))}"
    yield from _wrong(incident)
    yield from _table("Events", ("time", "event", "subject", "text"), _events(incident.events))
    yield from _table(
        "Numbers before → after (of the minute before each moment)",
        ("model", "workers", "requests/s", "inference", "queue", "failing", "queued"),
        _numbers(first, last),
    )
    yield from _table(
        "Versions",
        ("model", "version", "default", "archive", "status"),
        (
            (
                *(each.key.name, each.key.version, "yes" if each.is_default else ""),
                *(each.described.url, _status(each)),
            )
            for each in last.models
        ),
    )


def _what(last: Snapshot) -> str:
    """In one line, what is wrong with which model or with the server."""
    ill = _ill(last)
    if last.stale:
        return f"{_cell(last.server.label)}: {SERVER_SIGNS[last.server.state].word}"
    if not ill:
        return f"{_cell(last.server.label)}: no model needs attention"
    more = f" and {plural(len(ill) - 1, 'more model')}" if len(ill) > 1 else ""
    return f"{_cell(str(ill[0].key))} {_status(ill[0])}{more} on {_cell(last.server.label)}"


def _wrong(incident: Incident) -> Iterator[str]:
    since = dict(incident.since)
    for model in _ill(incident.last):
        began = since.get(str(model.key))
        when = f"since {began.astimezone():%H:%M:%S}" if began else "since before the first tick"
        yield ""
        yield f"## {_cell(str(model.key))}: {_status(model)}, {when}"
        yield ""
        yield f"- evidence: {_cell(model.verdict.evidence)}"
        cause = model.cause
        if cause is None:
            continue
        sure = "" if cause.certain else " (perhaps)"
        yield f"- cause{sure}: {_cell(cause.message)}, {cause.time:%H:%M:%S}"
        if cause.hint:
            yield f"- remedy: {_cell(cause.hint)}"
        if cause.detail_lines:
            yield ""
            yield from (f"    {visible(text)}" for text in cause.detail_lines)


def _events(events: Sequence[Event]) -> Iterator[tuple[str, ...]]:
    for event in events:
        mark = "! " if event.kind.is_bad else ""
        time = f"{event.at.wall.astimezone():%H:%M:%S}"
        yield time, f"{mark}{event.kind}", event.subject, event.text


def _numbers(first: Snapshot, last: Snapshot) -> Iterator[tuple[str, ...]]:
    for after in last.models:
        before = first.model(after.key)
        pairs = zip(_figures(before) if before else [ABSENT] * 6, _figures(after), strict=True)
        yield str(after.key), *(was if was == now else f"{was} → {now}" for was, now in pairs)


def _figures(model: ModelStatus) -> list[str]:
    minute, report = model.traffic.window, model.requests
    return [
        f"{model.ready}/{model.wanted}",
        number(minute.per_second),
        milliseconds(minute.inference_ms),
        milliseconds(minute.queue_ms),
        percent(report.failing_share) if report else ABSENT,
        count(model.pending),
    ]


def _table(heading: str, titles: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    shown = [" | ".join(map(_cell, row)) for row in rows]
    if shown:
        yield ""
        yield f"## {heading}"
        yield ""
        yield f"| {' | '.join(titles)} |"
        yield f"|{'|'.join(['---'] * len(titles))}|"
        yield from (f"| {row} |" for row in shown)


def _cell(text: str) -> str:
    """A text that breaks out of no cell and is no markup."""
    shown = one_line(few_lines(text), _LONGEST_CELL)
    for mark in "\\|`*_<>[]#":
        shown = shown.replace(mark, f"\\{mark}")
    return shown


def _status(model: ModelStatus) -> str:
    return model_sign(model).word


def _ill(snapshot: Snapshot) -> list[ModelStatus]:
    """The models that need attention, the worst first."""
    ill = [each for each in snapshot.models if not each.gone and model_sign(each).needs_attention]
    return sorted(
        ill,
        key=lambda each: (model_sign(each).grade, each.verdict.health.severity),
        reverse=True,
    )
