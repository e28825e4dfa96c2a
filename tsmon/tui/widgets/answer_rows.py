"""Answers, batches and comparisons as rows of tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from tsmon.load.answers import Answer
from tsmon.load.canary import disagreements_first
from tsmon.load.refusals import Failure
from tsmon.tui.text.answers import answer_status
from tsmon.tui.text.tones import Span, Tone
from tsmon.tui.widgets.columns import Cell, TableColumn, TableRow, cells_of
from tsmon.units import ABSENT, confidence, milliseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tsmon.load.batches import BatchResult, BatchRun
    from tsmon.load.comparison import Comparison, Pair

MOST_ANSWER_ROWS = 100
"""Rows of a table; the newest."""

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


AnswerColumn = TableColumn[Answer]
BatchColumn = TableColumn["NumberedBatch"]
PairColumn = TableColumn["Pair"]


class NumberedBatch(NamedTuple):
    """A batch and its place in the run."""

    number: int
    batch: BatchResult


def _verdict(answer: Answer) -> Cell:
    return Cell(*(_FAILED if answer.error else _VERDICTS[answer.correct]))


def _batch_count(
    id_: str, label: str, width: int, read: Callable[[BatchResult], int]
) -> BatchColumn:
    return BatchColumn(id_, label, width, right=True, cell=lambda row: Cell(str(read(row.batch))))


def _batch_state(row: NumberedBatch) -> Cell:
    sent, size = row.batch.score.sent, row.batch.size
    state = "✓ done" if sent == size else f"{sent} of {size}" if sent else "waits"
    return Cell(state, Tone.MUTED)


def _prediction(answer: Answer) -> Cell:
    mark = {True: "✓", False: "✗", None: " "}[answer.correct]
    tone = {True: Tone.GOOD, False: Tone.BAD, None: Tone.PLAIN}[answer.correct]
    return Cell(f"{answer.shown or ABSENT} {mark}", tone)


def _side(id_: str, label: str, read: Callable[[Pair], Answer]) -> tuple[PairColumn, ...]:
    """What one of the two versions answered."""
    return (
        PairColumn(id_, label, len(label), cell=lambda pair: _prediction(read(pair))),
        PairColumn(
            f"{id_}-confidence", "CONFIDENCE", 10, right=True,
            cell=lambda pair: Cell(confidence(read(pair).confidence)),
        ),
        PairColumn(
            f"{id_}-time", "TIME", 7, right=True,
            cell=lambda pair: Cell(milliseconds(read(pair).milliseconds)),
        ),
    )  # fmt: skip


ANSWER_COLUMNS = (
    AnswerColumn("verdict", "", 9, cell=_verdict),
    AnswerColumn(
        "predicted", "PREDICTED", 9, cell=lambda answer: Cell(answer.shown or ABSENT)
    ),
    AnswerColumn("actual", "ACTUAL", 6, cell=lambda answer: Cell(answer.payload.label or ABSENT)),
    AnswerColumn(
        "confidence", "CONFIDENCE", 10, right=True,
        cell=lambda answer: Cell(confidence(answer.confidence))
    ),
    AnswerColumn(
        "time", "TIME", 7, right=True, cell=lambda answer: Cell(milliseconds(answer.milliseconds))
    ),
    AnswerColumn(
        "status", "STATUS", 9, rank=1,
        cell=lambda answer: Cell(answer_status(answer), Tone.BAD if answer.error else Tone.MUTED),
    ),
    AnswerColumn("image", "IMAGE", 0, cell=lambda answer: Cell(answer.payload.name, Tone.MUTED)),
)  # fmt: skip
BATCH_COLUMNS = (
    BatchColumn("batch", "BATCH", 6, cell=lambda row: Cell(str(row.number))),
    _batch_count("images", "IMAGES", 7, lambda batch: batch.size),
    _batch_count("right", "RIGHT", 6, lambda batch: batch.score.right),
    _batch_count("wrong", "WRONG", 6, lambda batch: batch.score.wrong),
    _batch_count("failed", "FAILED", 6, lambda batch: batch.score.failed),
    BatchColumn(
        "mean", "MS EACH", 8, right=True, cell=lambda row: Cell(milliseconds(row.batch.mean_ms))
    ),
    BatchColumn("state", "", 0, cell=_batch_state),
)
PAIR_COLUMNS = (
    PairColumn("agree", "", 8, cell=lambda pair: Cell(*_AGREEMENTS[pair.agree])),
    PairColumn("actual", "ACTUAL", 6, cell=lambda pair: Cell(pair.first.payload.label or ABSENT)),
    *_side("first", "FIRST", lambda pair: pair.first),
    *_side("second", "SECOND", lambda pair: pair.second),
    PairColumn(
        "image", "IMAGE", 0, rank=1,
        cell=lambda pair: Cell(pair.first.payload.name, Tone.MUTED),
    ),
)  # fmt: skip


def answer_rows(answers: Iterable[tuple[int, Answer]]) -> list[TableRow]:
    """A row for each answer, by its number in the version's results."""
    return [TableRow(str(at), cells_of(ANSWER_COLUMNS, answer)) for at, answer in answers]


def newest(answers: Sequence[Answer], sent: int) -> list[tuple[int, Answer]]:
    """The last answers with their numbers, newest first; `sent` is how many there were in all."""
    last = list(answers)[-MOST_ANSWER_ROWS:]
    return [(sent - back, answer) for back, answer in enumerate(reversed(last))]


def batch_rows(run: BatchRun) -> list[TableRow]:
    """A row for each batch of a run."""
    rows = [NumberedBatch(at, batch) for at, batch in enumerate(run.results, 1)]
    return [TableRow(str(row.number), cells_of(BATCH_COLUMNS, row)) for row in rows]


def pair_rows(comparison: Comparison) -> list[TableRow]:
    """A row for each image that both versions answered, the newest first."""
    pairs = comparison.pairs[-MOST_ANSWER_ROWS:]
    last = len(comparison.pairs)
    return [
        TableRow(str(last - back), cells_of(PAIR_COLUMNS, pair))
        for back, pair in enumerate(reversed(pairs))
    ]


def disagreement_rows(comparison: Comparison) -> list[TableRow]:
    """A row for each image that both versions answered, those on which they differ first."""
    pairs = disagreements_first(comparison.pairs)[:MOST_ANSWER_ROWS]
    return [TableRow(str(number), cells_of(PAIR_COLUMNS, pair)) for number, pair in pairs]


def answer_detail(answer: Answer) -> list[Span]:
    """What a row has no room for: the whole name, and why there is no answer."""
    name = answer.payload.name
    if not answer.error:
        return [(name, Tone.MUTED)]
    # The error of a file that cannot be read begins with its whole path.
    unreadable = answer.failure is Failure.UNREADABLE
    reason = f"cannot be read: {answer.error.rpartition(': ')[2]}" if unreadable else answer.error
    return [(f"{name}: ", Tone.PLAIN), (reason, Tone.BAD)]
