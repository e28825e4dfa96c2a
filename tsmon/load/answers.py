"""What a model answered to an image, and the score of many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from tsmon.digits.images import DigitImage
from tsmon.load.refusals import Failure
from tsmon.untrusted.json import BadJson, parse_json

if TYPE_CHECKING:  # the process of a run reads answers too, and starts faster without httpx
    from tsmon.torchserve.inference import Prediction

LONGEST_ANSWER = 80
"""Characters of an answer that are shown when it is no digit."""


class Answer(Struct, frozen=True):
    """One image sent, and what came back."""

    image: DigitImage
    predicted: str | None = None
    """None when there was no answer."""
    confidence: float | None = None
    """Probability of the predicted digit, where the model returns it."""
    milliseconds: float | None = None
    """As the sender saw it: network, queue and inference."""
    error: str = ""
    """Why there is no answer."""
    failure: Failure | None = None
    """The kind of that error."""
    probabilities: tuple[float, ...] | None = None
    """Of the digits from 0 on, where the model returns them."""

    @property
    def correct(self) -> bool | None:
        """Whether the prediction is the label; None when either is unknown."""
        if self.predicted is None or self.image.label is None:
            return None
        return self.predicted == self.image.label


class Score(Struct, frozen=True):
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

    def minus(self, answer: Answer) -> Score:
        """The score without an answer that it counts."""
        one = Score().plus(answer)
        return Score(
            self.right - one.right,
            self.wrong - one.wrong,
            self.unlabelled - one.unlabelled,
            self.failed - one.failed,
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
    digit, probabilities = digit_and_probabilities(prediction.text)
    return Answer(
        image,
        digit,
        max(probabilities) if probabilities else None,
        prediction.milliseconds,
        probabilities=probabilities,
    )


def digit_and_probabilities(text: str) -> tuple[str, tuple[float, ...] | None]:
    """What an answer says: the digit, or the shortened text, and the probabilities if returned."""
    try:
        answer = parse_json(text)
    except BadJson:
        return _shorten(text), None
    if not isinstance(answer, dict) or "digit" not in answer:
        return _shorten(text), None
    return _shorten(str(answer["digit"])), _probabilities(answer.get("probabilities"))


def _probabilities(given: object) -> tuple[float, ...] | None:
    if not isinstance(given, list) or not given:
        return None
    if not all(isinstance(p, int | float) and 0 <= p <= 1 for p in given):
        return None
    return tuple(map(float, given))


def _shorten(text: str) -> str:
    line = " ".join(text[: 2 * LONGEST_ANSWER].split())
    fits = len(line) <= LONGEST_ANSWER and len(text) <= 2 * LONGEST_ANSWER
    return line if fits else line[: LONGEST_ANSWER - 1] + "…"
