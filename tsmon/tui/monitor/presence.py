"""Whether the screen shows the present of a server that answers: only then it may be acted on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsmon.telemetry.snapshot import ServerState
from tsmon.torchserve.errors import TorchServeError
from tsmon.tui.text.notes import Note
from tsmon.units import duration

if TYPE_CHECKING:
    from tsmon.telemetry.instant import Instant
    from tsmon.tui.keymap import Key
    from tsmon.tui.state.session import Session

LATE_PERIODS = 3
LEAST_LATE_S = 5.0
"""An answer is late after so many periods, but never sooner than this."""


class Refused(TorchServeError):
    """An action cannot be done now."""


def why_not_present(key: Key, session: Session, now: Instant) -> Note | None:
    """Why an action would act on something else than what is shown; None when it would not.

    Only for sessions that can act: a recording has no server to act on.
    """
    if not key.acts:
        return None
    view = session.playhead.view
    if view is not None and view.held:
        moment = f"{view.snapshot.at.wall.astimezone():%H:%M:%S}"
        message = f"{key.label} is refused: the screen shows the past ({moment})"
        return Note(message, "press {time.pause} to go back to the present first")
    if key.without_answer or not _is_late(session, now):
        return None
    answer = session.monitor.latest.server.last_answer
    seen = (
        f"the screen shows data {duration(now.since(answer))} old" if answer else "nothing is known"
    )
    message = f"{key.label} is refused: the server does not answer ({_state(session)}), {seen}"
    return Note(message, "try again when the server answers")


def _is_late(session: Session, now: Instant) -> bool:
    latest, monitor = session.monitor.latest, session.monitor
    answer = latest.server.last_answer
    if latest.stale or answer is None:
        return True
    return now.since(answer) > max(LATE_PERIODS * monitor.period_s, LEAST_LATE_S)


def _state(session: Session) -> str:
    state = session.monitor.latest.server.state
    return "its answer is overdue" if state is ServerState.UP else str(state)
