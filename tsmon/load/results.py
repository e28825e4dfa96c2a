"""The answers of each model version by themselves: score, confusion matrix, the wrong ones."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from tsmon.load.answers import Answer, Score, Whole, read_again
from tsmon.threads import in_thread
from tsmon.units import MIB

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelKey

KEPT_ANSWERS = 10_000
"""Answers kept of a version; those before count on in the score and the matrix."""
MOST_WHOLE_BYTES = 64 * MIB
"""Of the answers of a version that are kept byte for byte; the newest always is."""
DIGITS = tuple("0123456789")
MOST_CLASSES = 12
"""Of a confusion matrix; labels beyond these count as one."""
OTHER = "other"
"""Stands for every prediction that is no label's class."""

_Pair = tuple[str | None, str]
"""Label, where it is known, and prediction."""


class Confusion(Struct, frozen=True):
    """How often each label was taken for what."""

    counts: Mapping[_Pair, int]

    def count(self, actual: str | None, predicted: str) -> int:
        """How many payloads of a label, None for those without, got a prediction.

        `OTHER` are all predictions that are no label's class.
        """
        if predicted != OTHER:
            return self.counts.get((actual, predicted), 0)
        classes = self.classes
        return sum(
            count
            for (label, found), count in self.counts.items()
            if label == actual and found not in classes
        )

    @property
    def classes(self) -> tuple[str, ...]:
        """The ten digits, where all labels are some; else the labels, where they are few."""
        labels = {actual for actual, _ in self.counts if actual is not None}
        if labels <= set(DIGITS):
            return DIGITS
        return tuple(sorted(labels)) if len(labels) <= MOST_CLASSES else ()

    @property
    def rows(self) -> tuple[str | None, ...]:
        """The classes, and None if there are payloads without a label."""
        unlabelled = any(actual is None for actual, _ in self.counts)
        return (*self.classes, None) if unlabelled else self.classes

    def recall(self, actual: str) -> float | None:
        """Share of a class's payloads that were recognised, 0 to 1; None when there were none."""
        total = sum(count for (label, _), count in self.counts.items() if label == actual)
        return self.count(actual, actual) / total if total else None


class Results:
    """What one version answered."""

    def __init__(self) -> None:
        self.answers: deque[Answer] = deque(maxlen=KEPT_ANSWERS)
        """Oldest first."""
        self.score = Score()
        self._pairs: Counter[_Pair] = Counter()
        self._latest: dict[Path, Answer] = {}
        self._whole: deque[Whole] = deque()
        self._whole_bytes = 0

    def add(self, answer: Answer) -> None:
        """Count an answer."""
        self.answers.append(answer)
        self._latest[answer.payload.path] = answer
        self._keep_whole(answer)
        self.score = self.score.plus(answer)
        if (pair := _pair(answer)) is not None:
            self._pairs[pair] += 1

    def latest(self, path: Path) -> Answer | None:
        """The last answer to an image."""
        return self._latest.get(path)

    @property
    def confusion(self) -> Confusion:
        """The answers so far as a matrix; images without an answer are not in it."""
        return Confusion(dict(self._pairs))

    @property
    def wrong(self) -> list[Answer]:
        """The answers that are not the label, newest first."""
        return [answer for answer in reversed(self.answers) if answer.correct is False]

    def _keep_whole(self, answer: Answer) -> None:
        """Keep its bytes, and of the oldest no more than there is room for."""
        if answer.whole is None:
            return
        self._whole.append(answer.whole)
        self._whole_bytes += _size(answer.whole)
        while self._whole_bytes > MOST_WHOLE_BYTES and len(self._whole) > 1:
            oldest = self._whole.popleft()
            self._whole_bytes -= _size(oldest)
            oldest.prediction = None

    def relabel(self, labels: Mapping[Path, str | None]) -> None:
        """Judge the kept answers to some payloads again, as if they had had these labels."""
        self._judge(
            [
                replace(answer, payload=replace(answer.payload, label=labels[answer.payload.path]))
                if answer.payload.path in labels
                else answer
                for answer in self.answers
            ]
        )

    async def read_again(self, path: str) -> None:
        """Look for the class of the kept answers elsewhere, in a thread."""
        before = list(self.answers)
        read = await in_thread(lambda: [read_again(answer, path) for answer in before])
        found = dict(zip(map(id, before), read, strict=True))
        self._judge([found.get(id(answer), answer) for answer in self.answers])

    def _judge(self, answers: list[Answer]) -> None:
        """Have these in place of those that are kept, one for one."""
        for old, new in zip(self.answers, answers, strict=True):
            if new is not old:
                self.score = self.score.plus(new).minus(old)
                self._move(_pair(old), _pair(new))
                if self._latest.get(new.payload.path) is old:
                    self._latest[new.payload.path] = new
        self.answers = deque(answers, maxlen=KEPT_ANSWERS)

    def _move(self, old: _Pair | None, new: _Pair | None) -> None:
        """Count an answer elsewhere in the matrix; one that is not in it stays out."""
        if old is not None and new is not None:
            self._pairs[new] += 1
            self._pairs[old] -= 1
            self._pairs += Counter()  # drops those that are 0 now


class ResultBook:
    """The results of all versions; no score ever mixes two of them."""

    def __init__(self) -> None:
        self._results: dict[ModelKey, Results] = {}
        self._none = Results()
        self.revision = 0
        """Grows with every change, so that a view knows whether to draw again."""

    def of(self, key: ModelKey | None) -> Results:
        """The results of a version; empty ones when there are none."""
        return self._results.get(key, self._none) if key else self._none

    def add(self, key: ModelKey, answer: Answer) -> None:
        """Count an answer of a version."""
        self._results.setdefault(key, Results()).add(answer)
        self.revision += 1

    def clear(self, key: ModelKey) -> None:
        """Forget the answers of a version."""
        self._results.pop(key, None)
        self.revision += 1

    def relabel(self, labels: Mapping[Path, str | None]) -> None:
        """Judge all versions' answers to some payloads again."""
        for results in self._results.values():
            results.relabel(labels)
        self.revision += 1

    async def read_again(self, model: str, path: str) -> None:
        """Look for the class in the answers of all versions of a model elsewhere."""
        for key, results in list(self._results.items()):
            if key.name == model:
                await results.read_again(path)
        self.revision += 1


def _pair(answer: Answer) -> _Pair | None:
    """Where an answer belongs in the matrix; None for a payload that got none."""
    if not answer.shown:
        return None
    label, predicted = answer.payload.label, answer.predicted or OTHER
    if label is not None and answer.correct:
        return label, label  # however the answer capitalises it
    return label, predicted


def _size(whole: Whole) -> int:
    return len(whole.prediction.body) if whole.prediction else 0
