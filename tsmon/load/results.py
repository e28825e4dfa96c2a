"""The answers of each model version by themselves: score, confusion matrix, the wrong ones."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from tsmon.load.answers import Answer, Score

if TYPE_CHECKING:
    from tsmon.telemetry.snapshot import ModelKey

KEPT_ANSWERS = 10_000
"""Answers kept of a version; those before count on in the score and the matrix."""
DIGITS = tuple("0123456789")
OTHER = "other"
"""Stands for every prediction that is no digit."""

_Pair = tuple[str | None, str]
"""Label, where it is known, and prediction: a digit or `OTHER`."""


class Confusion(Struct, frozen=True):
    """How often each label was taken for what."""

    counts: Mapping[_Pair, int]

    def count(self, actual: str | None, predicted: str) -> int:
        """How many images of a label, None for those without, got a prediction."""
        return self.counts.get((actual, predicted), 0)

    @property
    def rows(self) -> tuple[str | None, ...]:
        """The labels: ten digits, and None if there are images without one."""
        unlabelled = any(actual is None for actual, _ in self.counts)
        return (*DIGITS, None) if unlabelled else DIGITS

    def recall(self, actual: str) -> float | None:
        """Share of a digit's images that were recognised, 0 to 1; None when there were none."""
        total = sum(self.count(actual, predicted) for predicted in (*DIGITS, OTHER))
        return self.count(actual, actual) / total if total else None


class Results:
    """What one version answered."""

    def __init__(self) -> None:
        self.answers: deque[Answer] = deque(maxlen=KEPT_ANSWERS)
        """Oldest first."""
        self.score = Score()
        self._pairs: Counter[_Pair] = Counter()
        self._latest: dict[Path, Answer] = {}

    def add(self, answer: Answer) -> None:
        """Count an answer."""
        self.answers.append(answer)
        self._latest[answer.payload.path] = answer
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

    def relabel(self, path: Path, label: str | None) -> None:
        """Judge the kept answers to an image again, as if it had had this label."""
        answers = [
            replace(answer, payload=replace(answer.payload, label=label))
            if answer.payload.path == path
            else answer
            for answer in self.answers
        ]
        for old, new in zip(self.answers, answers, strict=True):
            if new is not old:
                self.score = self.score.plus(new).minus(old)
                self._move(_pair(old), _pair(new))
                self._latest[path] = new
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

    def relabel(self, path: Path, label: str | None) -> None:
        """Judge all versions' answers to an image again."""
        for results in self._results.values():
            results.relabel(path, label)
        self.revision += 1


def _pair(answer: Answer) -> _Pair | None:
    """Where an answer belongs in the matrix; None for an image that got none."""
    if not answer.shown:
        return None
    predicted = answer.predicted if answer.predicted in DIGITS else OTHER
    return answer.payload.label, predicted
