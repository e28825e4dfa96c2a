"""What a model answered to an image, and the score of many."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tsmon.digits.images import DigitImage
from tsmon.load.refusals import Failure

if TYPE_CHECKING:  # the process of a run reads answers too, and starts faster without httpx
    from tsmon.torchserve.inference import Prediction

LONGEST_ANSWER = 80
"""Characters of an answer that are shown when it is no digit."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One image sent, and what came back."""

    image: DigitImage
    predicted: str | None = None
    """None when there was no answer."""
    confidence: float | None = None
    """Probability of the predicted digit, where the model tells it."""
    milliseconds: float | None = None
    """As the sender saw it: network, queue and inference."""
    error: str = ""
    """Why there is no answer."""
    failure: Failure | None = None
    """The kind of that error."""

    @property
    def correct(self) -> bool | None:
        """Whether the prediction is the label; None when either is unknown."""
        if self.predicted is None or self.image.label is None:
            return None
        return self.predicted == self.image.label


@dataclass(frozen=True, slots=True)
class Score:
    """The running count of answers."""

    right: int = 0
    wrong: int = 0
    unlabelled: int = 0
    failed: int = 0

    def plus(self, answer: Answer) -> Score:
        """The score with one more answer."""
        return Score(
            self.right + (answer.correct is True),
            self.wrong + (answer.correct is False),
            self.unlabelled + (answer.correct is None and not answer.error),
            self.failed + bool(answer.error),
        )

    @property
    def sent(self) -> int:
        """How many images were sent."""
        return self.right + self.wrong + self.unlabelled + self.failed

    @property
    def accuracy(self) -> float | None:
        """Share of the labelled answers that are right, 0 to 1."""
        judged = self.right + self.wrong
        return self.right / judged if judged else None


def read_answer(image: DigitImage, prediction: Prediction) -> Answer:
    """Understand a prediction: a bare digit, this project's JSON, or any other text."""
    digit, confidence = digit_and_confidence(prediction.text)
    return Answer(image, digit, confidence, prediction.milliseconds)


def digit_and_confidence(text: str) -> tuple[str, float | None]:
    """What an answer says: the digit, or the shortened text, and its probability if told."""
    try:
        answer = json.loads(text)
    except ValueError:
        return _shorten(text), None
    if not isinstance(answer, dict) or "digit" not in answer:
        return _shorten(text), None
    return _shorten(str(answer["digit"])), _highest(answer.get("probabilities"))


def _highest(probabilities: object) -> float | None:
    if not isinstance(probabilities, list) or not probabilities:
        return None
    if not all(isinstance(p, int | float) and 0 <= p <= 1 for p in probabilities):
        return None
    return float(max(probabilities))


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_ANSWER else line[: LONGEST_ANSWER - 1] + "…"
