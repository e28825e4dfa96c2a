"""The confusion matrix as text: a row for each label, a column for each prediction."""

from __future__ import annotations

from tsmon.load.results import DIGITS, OTHER, Confusion
from tsmon.tui.text.tones import Span, Tone
from tsmon.units import confidence

UNLABELLED = "none"
_LABEL = 6
_CELL = 4
_FOUND = 7


def format_confusion(confusion: Confusion) -> list[Span]:
    """The matrix. Right ones stand in brackets, so that no colour is needed to find them."""
    cell = max(_CELL, len(str(max(confusion.counts.values(), default=0))) + 2)
    head = "".join(f"{column} ".rjust(cell) for column in DIGITS)
    spans: list[Span] = [(f"{'actual':>{_LABEL}}{head}{OTHER:>6}{'found':>{_FOUND}}", Tone.MUTED)]
    for actual in confusion.rows:
        spans.append((f"\n{actual or UNLABELLED:>{_LABEL}}", Tone.MUTED))
        spans += [_cell(confusion, actual, predicted, cell) for predicted in DIGITS]
        spans.append(_cell(confusion, actual, OTHER, 6))
        recall = confusion.recall(actual) if actual else None
        spans.append((f"{confidence(recall):>{_FOUND}}", Tone.PLAIN))
    return spans


def _cell(confusion: Confusion, actual: str | None, predicted: str, width: int) -> Span:
    count = confusion.count(actual, predicted)
    if not count:
        return "· ".rjust(width), Tone.MUTED
    if actual == predicted:
        return f"[{count}]".rjust(width), Tone.GOOD
    return f"{count} ".rjust(width), Tone.BAD if actual else Tone.PLAIN
