"""What the page of the log files says besides the lines, and what it offers to choose from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tsmon.telemetry.log_page.lines import Level
from tsmon.tui.state.log_sources import FILES, why_no_logs
from tsmon.tui.text.notes import Note
from tsmon.tui.text.tones import Span, Tone
from tsmon.units import count, plural

if TYPE_CHECKING:
    from tsmon.logs.lines import WorkerThread
    from tsmon.telemetry.log_page.view import LogFilter
    from tsmon.tui.state.log_follower import LogFollower
    from tsmon.tui.state.session import Session

OTHER_FILE = "{logs.file} reads another file"


def which_lines(filter_: LogFilter, file: str) -> Sequence[Span]:
    """The file, and what its lines are narrowed to."""
    spans: list[Span] = [("Logs", Tone.ACCENT), (file, Tone.PLAIN)]
    if filter_.model:
        spans.append((f"{filter_.model} {filter_.version}".rstrip(), Tone.ACCENT))
    if filter_.worker:
        spans.append((f"worker {filter_.worker}", Tone.ACCENT))
    if filter_.level > Level.DEBUG:
        spans.append((f"from {filter_.level.word} on", Tone.WARNING))
    return spans


def how_many(follower: LogFollower, rank: int, *, following: bool) -> Sequence[Span]:
    """Hits, whether it follows, and how many lines are shown and hidden; `rank` is of the hit."""
    view = follower.view
    spans: list[Span] = []
    if view.sought:
        at = f"{count(rank)} of " if rank else ""
        spans.append((f"{at}{plural(len(view.hits), 'hit')}", Tone.ACCENT))
    if follower.zone.name:
        spans.append((f"times in {follower.zone.name}", Tone.WARNING))
    spans.append(("▼ following", Tone.GOOD) if following else ("‖ paused", Tone.WARNING))
    shown, kept = len(view.rows), len(view.buffer.lines)
    spans.append((f"{count(shown)} of {count(kept)} lines", Tone.MUTED))
    if view.hidden:
        spans.append((f"{count(view.hidden)} routine hidden", Tone.MUTED))
    elif view.filter.routine:
        spans.append(("with routine", Tone.MUTED))
    return spans


def why_nothing(follower: LogFollower, session: Session) -> Note:
    """Why no line is shown, and the way out."""
    view = follower.view
    kept = len(view.buffer.lines)
    if follower.problem:
        return Note(follower.problem, OTHER_FILE)
    if not follower.has_source or (session.replays and not kept):
        return why_no_logs(session)
    if follower.searching:
        return Note(follower.searching)
    if not kept:
        return Note(f"{follower.file} is empty", OTHER_FILE)
    if view.hidden:
        words = f"{_of(view.hidden, kept)} lines are routine and hidden"
        more = "" if view.hidden == kept else ", {logs.clear} those of all models and levels"
        return Note(words, f"{{logs.routine}} shows them{more}")
    return Note(f"none of its {count(kept)} lines matches", "{logs.clear} shows all")


def whose_lines(workers: Iterable[WorkerThread], now: LogFilter) -> Sequence[tuple[str, LogFilter]]:
    """Everybody, each version, each worker: as words and as a filter."""
    ordered = sorted(workers, key=lambda each: int(each.worker_id))
    choices = [("all", replace(now, model="", version="", worker=""))]
    for name, version in sorted({(each.model, each.version) for each in ordered}):
        only = replace(now, model=name, version=version, worker="")
        choices.append((f"{name} {version}", only))
    for each in ordered:
        only = replace(now, model=each.model, version=each.version, worker=each.worker_id)
        choices.append((f"  worker {each.worker_id} of {each.model} {each.version}", only))
    return choices


def which_files(follower: LogFollower) -> Sequence[tuple[str, str]]:
    """The files: what is in each, whether it is there; and its name."""
    return [
        (f"{name:17} {what}{' (not there)' if follower.is_there(name) is False else ''}", name)
        for name, what in FILES.items()
    ]


def _of(some: int, kept: int) -> str:
    return f"all its {count(kept)}" if some == kept else f"{count(some)} of its {count(kept)}"
