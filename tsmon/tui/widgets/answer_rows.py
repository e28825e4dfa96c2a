"""Answers, batches and comparisons as rows of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tsmon.load.refusals import Failure
from tsmon.tui.text.answers import answer_status
from tsmon.tui.text.tones import Span, Tone
from tsmon.tui.widgets.columns import Cell, Column, TableRow
from tsmon.units import ABSENT, confidence, milliseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tsmon.load.answers import Answer
    from tsmon.load.batches import BatchRun
    from tsmon.load.comparison import Comparison, Pair

MOST_ANSWER_ROWS = 100
"""Rows of a table; the newest."""

ANSWER_COLUMNS = (
    Column("verdict", "", 9),
    Column("predicted", "PREDICTED", 9),
    Column("actual", "ACTUAL", 6),
    Column("sure", "SURE", 6, right=True),
    Column("time", "TIME", 7, right=True),
    Column("status", "STATUS", 9, rank=1),
    Column("image", "IMAGE", 0),
)
BATCH_COLUMNS = (
    Column("batch", "BATCH", 6),
    Column("images", "IMAGES", 7, right=True),
    Column("right", "RIGHT", 6, right=True),
    Column("wrong", "WRONG", 6, right=True),
    Column("failed", "FAILED", 6, right=True),
    Column("mean", "MS EACH", 8, right=True),
    Column("state", "", 0),
)
PAIR_COLUMNS = (
    Column("agree", "", 8),
    Column("actual", "ACTUAL", 6),
    Column("first", "FIRST", 5),
    Column("first-sure", "SURE", 6, right=True),
    Column("first-time", "TIME", 7, right=True),
    Column("second", "SECOND", 6),
    Column("second-sure", "SURE", 6, right=True),
    Column("second-time", "TIME", 7, right=True),
    Column("image", "IMAGE", 0, rank=1),
)

_FAILED = ("! failed", Tone.BAD)
_VERDICTS = {
    True: ("✓ right", Tone.GOOD),
    False: ("✗ wrong", Tone.BAD),
    None: ("– unknown", Tone.MUTED),
}
_AGREEMENTS = {
    True: ("= same", Tone.PLAIN),
    False: ("≠ differ", Tone.WARNING),
    None: ("! failed", Tone.BAD),
}


def answer_rows(answers: Iterable[tuple[int, Answer]]) -> list[TableRow]:
    """A row for each answer, by its number in the version's results."""
    return [TableRow(str(number), _answer_cells(answer)) for number, answer in answers]


def newest(answers: Sequence[Answer], sent: int) -> list[tuple[int, Answer]]:
    """The last answers with their numbers, newest first; `sent` is how many there were in all."""
    last = list(answers)[-MOST_ANSWER_ROWS:]
    return [(sent - back, answer) for back, answer in enumerate(reversed(last))]


def batch_rows(run: BatchRun) -> list[TableRow]:
    """A row for each batch of a run."""
    rows = []
    for number, batch in enumerate(run.results, 1):
        score = batch.score
        done = score.sent == batch.size
        state = "✓ done" if done else f"{score.sent} of {batch.size}" if score.sent else "waits"
        counts = (batch.size, score.right, score.wrong, score.failed)
        cells = [
            Cell(str(number)),
            *(Cell(str(count)) for count in counts),
            Cell(milliseconds(batch.mean_ms)),
            Cell(state, Tone.MUTED),
        ]
        rows.append(TableRow(str(number), tuple(cells)))
    return rows


def pair_rows(comparison: Comparison) -> list[TableRow]:
    """A row for each image that both versions answered, the newest first."""
    pairs = comparison.pairs[-MOST_ANSWER_ROWS:]
    count = len(comparison.pairs)
    return [
        TableRow(str(count - back), _pair_cells(pair)) for back, pair in enumerate(reversed(pairs))
    ]


def answer_detail(answer: Answer) -> list[Span]:
    """What a row has no room for: the whole name, and why there is no answer."""
    name = answer.image.path.name
    if not answer.error:
        return [(name, Tone.MUTED)]
    # The error of a file that cannot be read begins with its whole path.
    unreadable = answer.failure is Failure.UNREADABLE
    reason = f"cannot be read: {answer.error.rpartition(': ')[2]}" if unreadable else answer.error
    return [(f"{name}: ", Tone.PLAIN), (reason, Tone.BAD)]


def _answer_cells(answer: Answer) -> tuple[Cell, ...]:
    text, tone = _FAILED if answer.error else _VERDICTS[answer.correct]
    return (
        Cell(text, tone),
        Cell(answer.predicted or ABSENT),
        Cell(answer.image.label or ABSENT),
        Cell(confidence(answer.confidence)),
        Cell(milliseconds(answer.milliseconds)),
        Cell(answer_status(answer), Tone.BAD if answer.error else Tone.MUTED),
        Cell(answer.image.path.name, Tone.MUTED),
    )


def _pair_cells(pair: Pair) -> tuple[Cell, ...]:
    image = pair.first.image
    text, tone = _AGREEMENTS[pair.agree]
    return (
        Cell(text, tone),
        Cell(image.label or ABSENT),
        *_side_cells(pair.first),
        *_side_cells(pair.second),
        Cell(image.path.name, Tone.MUTED),
    )


def _side_cells(answer: Answer) -> tuple[Cell, Cell, Cell]:
    mark = {True: "✓", False: "✗", None: " "}[answer.correct]
    tone = {True: Tone.GOOD, False: Tone.BAD, None: Tone.PLAIN}[answer.correct]
    return (
        Cell(f"{answer.predicted or ABSENT} {mark}", tone),
        Cell(confidence(answer.confidence)),
        Cell(milliseconds(answer.milliseconds)),
    )
