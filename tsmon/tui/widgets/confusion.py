"""The confusion matrix as text: a row for each label, a column for each prediction."""

from __future__ import annotations

from tsmon.load.results import OTHER, Confusion
from tsmon.tui.text.tones import Span, Tone
from tsmon.units import confidence
from tsmon.untrusted.text import brief

UNLABELLED = "none"
_LABEL = 6
_CELL = 4
_FOUND = 7
_LONGEST = 12
"""Characters of a class's name."""


def format_confusion(confusion: Confusion) -> list[Span]:
    """The matrix. Right ones stand in brackets, so that no colour is needed to find them."""
    classes = confusion.classes
    if not classes:
        return [("the labels are too many classes for a table", Tone.MUTED)]
    named = [brief(each)[:_LONGEST] for each in classes]
    first = max(_LABEL, *(len(name) + 1 for name in named))
    cell = max(_CELL, len(str(max(confusion.counts.values(), default=0))) + 2)
    cell = max(cell, *(len(name) + 2 for name in named))
    head = "".join(f"{name} ".rjust(cell) for name in named)
    spans: list[Span] = [(f"{'actual':>{first}}{head}{OTHER:>6}{'found':>{_FOUND}}", Tone.MUTED)]
    for actual, name in zip(confusion.rows, [*named, UNLABELLED], strict=False):
        spans.append((f"\n{name:>{first}}", Tone.MUTED))
        spans += [_cell(confusion, actual, predicted, cell) for predicted in classes]
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
