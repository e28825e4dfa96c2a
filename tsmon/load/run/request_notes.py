"""What became of each request of a run, for who wants to have them one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsmon.load.run.increment import RequestNote
from tsmon.load.run.verdicts import class_in, run_refusal

if TYPE_CHECKING:
    from tsmon.load.refusals import Failure
    from tsmon.load.run.lane import Lane


class RequestNotes:
    """Takes notes until they are handed on."""

    def __init__(self, answer_path: str) -> None:
        self._path = answer_path
        self._notes: list[RequestNote] = []

    def take(self) -> list[RequestNote]:
        """The notes since the last time."""
        notes, self._notes = self._notes, []
        return notes

    def answered(self, lane: Lane, now: float, status: int, body: bytes, began: float) -> None:
        """Note an answer; `began` is the run's start on the clock of `perf_counter`."""
        good = 200 <= status < 300
        failure = None if good else run_refusal(status, body)[0]
        predicted = class_in(body, self._path) if good else None
        self._note(lane, now, failure, began, (status, len(body), predicted))

    def failed(self, lane: Lane, now: float, failure: Failure) -> None:
        """Note a request without an answer."""
        self._note(lane, now, failure, 0.0, (None, None, None))

    def _note(
        self,
        lane: Lane,
        now: float,
        failure: Failure | None,
        began: float,
        answer: tuple[int | None, int | None, str | None],
    ) -> None:
        request, chunked, due = lane.request, lane.chunked, lane.due
        if request is None:
            return
        first = (chunked.first_at - began - due) * 1000 if chunked else None
        self._notes.append(
            RequestNote(
                request.name,
                request.label,
                round(due, 6),
                round(lane.sent_at, 6),
                round((now - due) * 1000, 3),
                *answer,
                failure,
                None if first is None else round(first, 3),
                chunked.chunks if chunked else None,
            )
        )
