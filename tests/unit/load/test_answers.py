"""What an answer means, and the score of many."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.digits.images import DigitImage
from tsmon.load.answers import LONGEST_ANSWER, Answer, Score, read_answer
from tsmon.torchserve.inference import Prediction

SEVEN = DigitImage(Path("7.png"), "7")
UNKNOWN = DigitImage(Path("x.png"), None)

numbers = st.integers() | st.floats() | st.just(10**400)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
ours = st.fixed_dictionaries({"digit": json_values, "probabilities": json_values})
answers = st.builds(
    Answer,
    payload=st.sampled_from([SEVEN, UNKNOWN]),
    predicted=st.sampled_from(["7", "1"]),
) | st.builds(Answer, payload=st.sampled_from([SEVEN, UNKNOWN]), error=st.just("no worker"))


def test_plain_digit_has_no_confidence() -> None:
    answer = _read("7\n")
    assert (answer.predicted, answer.confidence, answer.correct) == ("7", None, True)
    assert answer.milliseconds == 12.5


def test_json_of_our_handler_tells_the_probability_of_its_digit() -> None:
    answer = _read('{"digit": 1, "probabilities": [0.1, 0.9]}')
    assert (answer.predicted, answer.confidence, answer.correct) == ("1", 0.9, False)


@pytest.mark.parametrize("probabilities", [None, [], ["0.9"], [2.0], [10**400], [float("nan")], {}])
def test_probabilities_that_are_none_are_left_out(probabilities: object) -> None:
    answer = _read(json.dumps({"digit": 1, "probabilities": probabilities}))
    assert (answer.predicted, answer.confidence) == ("1", None)


@given(st.text() | json_values.map(json.dumps) | ours.map(json.dumps))
def test_any_other_answer_is_one_short_line(text: str) -> None:
    answer = _read(text)
    assert len(answer.shown) <= LONGEST_ANSWER
    assert len(answer.shown.splitlines()) <= 1
    assert answer.confidence is None or 0 <= answer.confidence <= 1


@pytest.mark.parametrize("text", ['{"a": 1}', "no idea", "tabby", "[2, 7]", "null"])
def test_an_answer_without_a_digit_is_shown_and_not_judged(text: str) -> None:
    answer = _read(text)
    assert answer.shown == text
    assert answer.correct is None
    assert Score().plus(answer) == Score(unread=1)


def test_the_person_says_where_the_class_stands() -> None:
    prediction = Prediction(b'{"a": {"b": [3, 7]}}', "", 12.5, "")
    assert read_answer(SEVEN, prediction).correct is None
    assert read_answer(SEVEN, prediction, "a.b.1").correct is True


def test_answer_to_an_image_without_a_label_is_neither_right_nor_wrong() -> None:
    assert Answer(UNKNOWN, "7").correct is None


@given(st.lists(answers))
def test_score_counts_every_answer_once(given_answers: list[Answer]) -> None:
    score = Score()
    for answer in given_answers:
        score = score.plus(answer)
    right = sum(answer.correct is True for answer in given_answers)
    wrong = sum(answer.correct is False for answer in given_answers)
    assert (score.right, score.wrong) == (right, wrong)
    assert score.failed == sum(bool(answer.error) for answer in given_answers)
    assert score.sent == len(given_answers)
    assert score.accuracy == (right / (right + wrong) if right + wrong else None)


def _read(text: str) -> Answer:
    return read_answer(SEVEN, Prediction(text.encode(errors="replace"), "", 12.5, ""))
