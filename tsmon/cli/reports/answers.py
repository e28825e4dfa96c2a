"""The answers to images, and the score of them, as words and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsmon.cli.output import ReportColumn, emit_columns
from tsmon.units import confidence, fixed

if TYPE_CHECKING:
    from tsmon.load.answers import Answer, Score


_MARKS = {True: "✓", False: "✗", None: ""}
_COLUMNS: tuple[ReportColumn[Answer], ...] = (
    ReportColumn("Predicted", lambda answer: answer.shown or f"– {answer.error}"),
    ReportColumn("Actual", lambda answer: answer.payload.label or "?"),
    ReportColumn("", lambda answer: _MARKS[answer.correct]),
    ReportColumn("Confidence", lambda answer: confidence(answer.confidence), True),
    ReportColumn("ms", lambda answer: fixed(answer.milliseconds, 1), True),
    ReportColumn("File", lambda answer: answer.payload.name),
)


def print_answers(answers: list[Answer]) -> None:
    """The walkthrough's Predicted/Actual table, with what else is known."""
    emit_columns(_COLUMNS, answers)


def score_words(score: Score) -> str:
    """The score as one line."""
    parts = [f"{score.sent} sent"]
    if score.accuracy is not None:
        judged = score.right + score.wrong
        parts = [f"{score.right} of {judged} correct", confidence(score.accuracy)]
    if score.unlabelled:
        parts.append(f"{score.unlabelled} without a label")
    if score.unread:
        parts.append(f"{score.unread} without a digit in the answer (--answer PATH)")
    if score.failed:
        parts.append(f"{score.failed} failed")
    return ", ".join(parts)


def answer_record(answer: Answer) -> dict[str, object]:
    """An answer for `--json`."""
    return {
        "file": str(answer.payload.path),
        "predicted": answer.predicted,
        "answer": answer.text or None,
        "actual": answer.payload.label,
        "correct": answer.correct,
        "confidence": answer.confidence,
        "milliseconds": answer.milliseconds,
        "error": answer.error or None,
        "failure": answer.failure,
    }
