"""Writing down what happened: the last minutes as a replay file, a summary and a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tsmon.tui.monitor.capability import Capability, Handlers
from tsmon.tui.state.session import ReplaySession
from tsmon.tui.text.notes import Note

if TYPE_CHECKING:
    from tsmon.telemetry.past import Past
    from tsmon.telemetry.recording.reader import Recording
    from tsmon.telemetry.source import Observation
    from tsmon.tui.screens.incident import Span
    from tsmon.tui.state.session import Session

LENGTHS_S = (300.0, 900.0)
BEFORE_EVENT_S = 60.0
"""How much of the time before the first event is written with it."""


class Incidents(Capability):
    """Changes nothing of the server, and so is there in a read-only session and in a recording."""

    def actions(self) -> Handlers:
        """Its one key."""
        return {"server.incident": self._begin}

    def _begin(self) -> None:
        if self.host.session.past:
            self.talk.ask(self._write())
        else:
            self.talk.note(Note("there is no past to write down yet"), bad=False)

    async def _write(self) -> None:
        from tsmon.telemetry.incident import default_incidents
        from tsmon.tui.screens.incident import IncidentDialog

        session, snapshot = self.host.session, self.host.snapshot
        if snapshot is None:
            return
        end = snapshot.at.monotonic
        picture = self.host.app.export_screenshot(title="tsmon", simplify=True)

        def write(seconds: float, folder: Path) -> Path:
            return write_down(session, end, seconds, folder, picture)

        dialog = IncidentDialog(
            f"{snapshot.at.wall.astimezone():%H:%M:%S}",
            self._spans(end),
            default_incidents(),
            write,
        )
        folder = await self.talk.push_wait(dialog)
        if folder is not None:
            self._say_where(folder)

    def _spans(self, end: float) -> list[Span]:
        """How much can be written: since the last bad event first, where there was one."""
        session = self.host.session
        known = max(end - session.past.moments[0], 0.0)
        shown = [
            (f"the last {seconds / 60:.0f} minutes", seconds)
            for seconds in LENGTHS_S
            if seconds < known
        ]
        if len(shown) < len(LENGTHS_S):
            shown.append(("all that is known", known))
        bad = [
            event
            for event in session.monitor.events.events
            if event.kind.is_bad and end - LENGTHS_S[-1] <= event.at.monotonic <= end
        ]
        if bad:
            since = end - bad[-1].at.monotonic + BEFORE_EVENT_S
            when = f"{bad[-1].at.wall.astimezone():%H:%M:%S}"
            words = f"from a minute before {bad[-1].kind} at {when}"
            shown.insert(0, (words, min(since, known)))
        return shown

    def _say_where(self, folder: Path) -> None:
        from tsmon.telemetry.incident import PICTURE, REPLAY, SUMMARY
        from tsmon.tui.screens.whole_text import WholeText

        words = (
            f"{folder}\n\n"
            f"{SUMMARY:<16}what happened, for a ticket or a chat\n"
            f"{REPLAY:<16}`tsmon replay {REPLAY}` opens it\n"
            f"{PICTURE:<16}the screen as it was"
        )
        self.talk.push(WholeText("Incident card", words, str(folder), "the folder"))


def write_down(session: Session, end: float, seconds: float, folder: Path, picture: str) -> Path:
    """Write the ticks of so many seconds before a moment; blocks.

    Raises:
        IncidentError, RecordingError: it cannot be written, or not be read.
    """
    begin = end - seconds
    if not isinstance(session, ReplaySession):
        observed = session.monitor.observed.between
        return _write_down(session, session.past, observed, (begin, end), folder, picture)
    from tsmon.telemetry.recording.reader import Recording
    from tsmon.telemetry.recording.replay import RecordedPast

    # Opened once more, since the one of the screen belongs to its thread.
    with closing(Recording(session.recording.path)) as recording:
        past, observed = RecordedPast(recording), partial(_recorded, recording)
        return _write_down(session, past, observed, (begin, end), folder, picture)


def _write_down(
    session: Session,
    past: Past,
    observed: Callable[[float, float], Iterable[Observation]],
    span: tuple[float, float],
    folder: Path,
    picture: str,
) -> Path:
    from tsmon.telemetry.incident import Incident, find_since, write_incident

    first, last = (past.index_at(moment) for moment in span)
    begin, end = past.moments[first], past.moments[last]
    events = session.monitor.events.events
    incident = Incident(
        past[first],
        past[last],
        find_since(past, first, last),
        [event for event in events if begin <= event.at.monotonic <= end],
    )
    return write_incident(folder, incident, observed(begin, end), picture)


def _recorded(recording: Recording, begin: float, end: float) -> Iterator[Observation]:
    """The ticks that can be read."""
    from tsmon.telemetry.recording.schema import RecordingError

    for index, moment in enumerate(recording.moments):
        if begin <= moment <= end:
            with suppress(RecordingError):
                yield recording.observation(index)
