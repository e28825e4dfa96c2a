"""The answers of each version by themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.digits.images import DigitImage
from tsmon.load import results
from tsmon.load.answers import Answer, Score
from tsmon.load.results import DIGITS, OTHER, ResultBook, Results
from tsmon.telemetry.snapshot import ModelKey

labels = st.sampled_from(["0", "1", None])
images = st.builds(DigitImage, st.sampled_from([Path("a.png"), Path("b.png")]), labels)
answered = st.builds(Answer, images, predicted=st.sampled_from(["0", "1", "tabby"]))
failed = st.builds(Answer, images, error=st.just("no worker"))
answers = st.lists(answered | failed, max_size=12)


def collect(given_answers: list[Answer]) -> Results:
    collected = Results()
    for answer in given_answers:
        collected.add(answer)
    return collected


@given(answers)
def test_the_matrix_has_every_answer_once(given_answers: list[Answer]) -> None:
    collected = collect(given_answers)
    matrix = collected.confusion
    cells = [matrix.count(row, column) for row in matrix.rows for column in (*DIGITS, OTHER)]
    assert sum(cells) == sum(answer.predicted is not None for answer in given_answers)
    right = sum(matrix.count(digit, digit) for digit in DIGITS)
    assert right == collected.score.right
    judged = [matrix.count(row, column) for row in DIGITS for column in DIGITS]
    wrong = sum(judged) - right
    assert wrong == collected.score.wrong == len(collected.wrong)


@given(answers, labels)
def test_a_new_label_counts_as_if_it_had_been_there_from_the_start(
    given_answers: list[Answer], label: str | None
) -> None:
    collected = collect(given_answers)
    collected.relabel({Path("a.png"): label})
    relabelled = [
        Answer(DigitImage(a.payload.path, label), predicted=a.predicted, error=a.error)
        if a.payload.path == Path("a.png")
        else a
        for a in given_answers
    ]
    wanted = collect(relabelled)
    assert list(collected.answers) == list(wanted.answers)
    assert collected.score == wanted.score
    assert collected.confusion == wanted.confusion
    assert collected.latest(Path("a.png")) == wanted.latest(Path("a.png"))


def test_recall_of_a_digit_is_unknown_without_any() -> None:
    matrix = collect([Answer(DigitImage(Path("a"), "1"), predicted="1")]).confusion
    assert (matrix.recall("1"), matrix.recall("2")) == (1.0, None)
    assert matrix.rows == DIGITS


def test_what_is_no_digit_is_other() -> None:
    matrix = collect([Answer(DigitImage(Path("a"), "1"), predicted="tabby")]).confusion
    assert matrix.count("1", OTHER) == 1


def test_versions_never_mix() -> None:
    book, old, new = ResultBook(), ModelKey("mnist", "1.0"), ModelKey("mnist", "2.0")
    image = DigitImage(Path("a"), "1")
    book.add(old, Answer(image, predicted="1"))
    book.add(new, Answer(image, predicted="2"))
    assert book.of(old).score == Score(right=1)
    assert book.of(new).score == Score(wrong=1)
    before = book.revision
    book.relabel({image.path: "2"})
    assert book.of(new).score == Score(right=1)
    book.clear(old)
    assert book.of(old).score == book.of(None).score == Score()
    assert book.revision > before


def test_the_score_counts_on_when_old_answers_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "KEPT_ANSWERS", 3)
    collected = Results()
    for _ in range(5):
        collected.add(Answer(DigitImage(Path("a"), "1"), predicted="1"))
    assert len(collected.answers) == 3
    assert collected.score.right == collected.confusion.count("1", "1") == 5
    collected.relabel({Path("a"): "2"})
    assert (collected.score.right, collected.score.wrong) == (2, 3)
