"""The answers to images, and the score of them, as words and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsmon.cli.output import emit_table

if TYPE_CHECKING:
    from tsmon.load.answers import Answer, Score


def print_answers(answers: list[Answer]) -> None:
    """The walkthrough's Predicted/Actual table, with what else is known."""
    emit_table(
        ("Predicted", "Actual", "", "Confidence", "ms", "File"),
        [_answer_row(answer) for answer in answers],
        right="Confidence ms",
    )


def score_words(score: Score) -> str:
    """The score as one line."""
    parts = [f"{score.right} of {score.right + score.wrong} correct"]
    if score.accuracy is not None:
        parts.append(f"{score.accuracy:.1%}")
    if score.unlabelled:
        parts.append(f"{score.unlabelled} without a label")
    if score.failed:
        parts.append(f"{score.failed} failed")
    return ", ".join(parts)


def answer_record(answer: Answer) -> dict[str, object]:
    """An answer for `--json`."""
    return {
        "file": str(answer.image.path),
        "predicted": answer.predicted,
        "actual": answer.image.label,
        "correct": answer.correct,
        "confidence": answer.confidence,
        "milliseconds": answer.milliseconds,
        "error": answer.error or None,
        "failure": answer.failure,
    }


def _answer_row(answer: Answer) -> tuple[str, ...]:
    mark = {True: "✓", False: "✗", None: ""}[answer.correct]
    confidence = "" if answer.confidence is None else f"{answer.confidence:.1%}"
    milliseconds = "" if answer.milliseconds is None else f"{answer.milliseconds:.1f}"
    predicted = answer.predicted or f"– {answer.error}"
    return (
        predicted,
        answer.image.label or "?",
        mark,
        confidence,
        milliseconds,
        answer.image.path.name,
    )
