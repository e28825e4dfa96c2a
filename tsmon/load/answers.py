"""What a model answered to a payload, and the score of many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from tsmon.digits.images import DIGITS
from tsmon.load.classes import find_class
from tsmon.load.refusals import Failure
from tsmon.payloads.payload import Payload

if TYPE_CHECKING:  # the process of a run reads answers too, and starts faster without httpx
    from tsmon.torchserve.inference import Prediction

LONGEST_ANSWER = 80
"""Characters of an answer that are shown when no class was found in it."""


class Whole(Struct):
    """An answer as it came; None once there were too many bytes to keep."""

    prediction: Prediction | None


class Answer(Struct, frozen=True):
    """One payload sent, and what came back."""

    payload: Payload
    predicted: str | None = None
    """The class; None when there was no answer, or none that it can be found in."""
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
    text: str = ""
    """What came back, shortened to a line."""
    whole: Whole | None = None
    """What came back, where someone may want to see it."""

    @property
    def prediction(self) -> Prediction | None:
        """What came back, byte for byte, as long as it is kept."""
        return self.whole.prediction if self.whole else None

    @property
    def shown(self) -> str:
        """The class, or what came back without one; empty when there was no answer."""
        return self.predicted or self.text

    @property
    def correct(self) -> bool | None:
        """Whether the prediction is the label; None when either is unknown, or of another kind."""
        if self.predicted is None or self.payload.label is None:
            return None
        if _kind(self.predicted) != _kind(self.payload.label):
            return None
        return self.predicted.casefold() == self.payload.label.casefold()

    @property
    def unread(self) -> bool:
        """Whether it came back without a class that could be compared with the label."""
        return not self.error and self.payload.label is not None and self.correct is None


class Score(Struct, frozen=True):
    """The running count of answers."""

    right: int = 0
    wrong: int = 0
    unlabelled: int = 0
    failed: int = 0
    unread: int = 0
    """Answers in which no class was found that could be compared with the label."""

    def plus(self, answer: Answer) -> Score:
        """The score with one more answer."""
        return Score(
            self.right + (answer.correct is True),
            self.wrong + (answer.correct is False),
            self.unlabelled + (answer.payload.label is None and not answer.error),
            self.failed + bool(answer.error),
            self.unread + answer.unread,
        )

    def minus(self, answer: Answer) -> Score:
        """The score without an answer that it counts."""
        one = Score().plus(answer)
        return Score(
            self.right - one.right,
            self.wrong - one.wrong,
            self.unlabelled - one.unlabelled,
            self.failed - one.failed,
            self.unread - one.unread,
        )

    @property
    def sent(self) -> int:
        """How many images were sent."""
        return self.right + self.wrong + self.unlabelled + self.failed + self.unread

    @property
    def accuracy(self) -> float | None:
        """Share of the labelled answers that are right, 0 to 1."""
        judged = self.right + self.wrong
        return self.right / judged if judged else None


def read_answer(payload: Payload, prediction: Prediction, path: str = "") -> Answer:
    """Understand a prediction; `path` is where its class stands, found where it is not given."""
    found = find_class(prediction.text, path)
    return Answer(
        payload,
        found.name if found else None,
        found.confidence if found else None,
        prediction.milliseconds,
        probabilities=found.probabilities if found else None,
        text=_shorten(prediction.text),
    )


def read_again(answer: Answer, path: str) -> Answer:
    """An answer whose class is looked for elsewhere; as it was where it is not kept whole."""
    if answer.prediction is None:
        return answer
    return replace(read_answer(answer.payload, answer.prediction, path), whole=answer.whole)


def _kind(name: str) -> str:
    """A digit is compared with digits, a number with numbers, a word with words."""
    return "digit" if name in DIGITS else "number" if name.isdecimal() else "word"


def _shorten(text: str) -> str:
    line = " ".join(text[: 2 * LONGEST_ANSWER].split())
    fits = len(line) <= LONGEST_ANSWER and len(text) <= 2 * LONGEST_ANSWER
    return line if fits else line[: LONGEST_ANSWER - 1] + "…"
