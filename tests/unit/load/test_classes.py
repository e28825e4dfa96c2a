"""Where the class stands in an answer."""

from __future__ import annotations

import json
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.load.classes import CLASS_KEYS, check_path, find_class
from tsmon.torchserve.errors import InvalidArgument

SCORES = [0.01, 0.02, 0.9, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01]
SHAPES = {
    "a bare digit": 2,
    "a digit with a decimal": 2.0,
    "a digit as text": "2",
    "this project's": {"digit": "2", "probabilities": SCORES},
    "one key": {"class": 2},
    "a text under a key": {"prediction": "2"},
    "KServe v1": {"predictions": [2]},
    "KServe v1 with names": {"predictions": [{"class": 2, "confidence": 0.9}]},
    "KServe v1 with scores": {"predictions": [SCORES]},
    "KServe v2": {
        "model_name": "mnist",
        "id": "7",
        "outputs": [{"name": "out", "shape": [1], "datatype": "INT64", "data": [2]}],
    },
    "KServe v2 with scores": {
        "outputs": [{"name": "out", "shape": [1, 10], "datatype": "FP32", "data": SCORES}]
    },
    "nested lists": [["2"]],
    "ten scores": SCORES,
    "one list of ten scores": [SCORES],
    "logarithms": [log(score) for score in SCORES],
    "any scale": [-3.1, 2.0, 11.5, 0.4, -8.0, 1.1, 0.2, 5.0, -1.0, 3.3],
    "one of ten": [0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
    "a map of classes": {str(digit): score for digit, score in enumerate(SCORES)},
    "the five likeliest": {"2": 0.9, "7": 0.05, "1": 0.02, "3": 0.01, "0": 0.01},
    "a ranking of records": [{"label": "2", "score": 0.9}, {"label": "7", "score": 0.1}],
    "a ranking of pairs": [["2", 0.9], ["7", 0.1]],
    "two lists": {"classes": ["7", "2"], "scores": [0.1, 0.9]},
    "beside a measurement": {"prediction": 2, "latency_ms": 7, "model": "mnist"},
}
UNKNOWN = {
    "two classes": {"class": 2, "label": 3},
    "ten classes": [7, 2, 1, 0, 4, 1, 4, 9, 5, 9],
    "a tie": {"2": 0.5, "7": 0.5},
    "three numbers": [0.1, 0.2, 0.7],
    "measurements": {"latency_ms": 12.5, "queue": 3},
    "a sentence": "the digit is 2",
    "nothing": {},
    "none": None,
    "a truth": True,
    "several answers": {"predictions": [2, 7]},
    "a negative number": -2,
    "half a digit": 2.5,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_class_is_found(shape: str) -> None:
    found = find_class(json.dumps(SHAPES[shape]))

    assert found is not None
    assert found.name == "2"


@pytest.mark.parametrize("shape", UNKNOWN)
def test_where_it_is_not_clear_there_is_none(shape: str) -> None:
    assert find_class(json.dumps(UNKNOWN[shape])) is None


@pytest.mark.parametrize(
    ("shape", "confidence"),
    [
        ("this project's", 0.9),
        ("KServe v1 with names", 0.9),
        ("ten scores", 0.9),
        ("logarithms", 0.9),
        ("a map of classes", 0.9),
        ("a ranking of pairs", 0.9),
        ("two lists", 0.9),
        ("any scale", None),
        ("a bare digit", None),
    ],
)
def test_its_confidence_is_what_the_answer_says(shape: str, confidence: float | None) -> None:
    found = find_class(json.dumps(SHAPES[shape]))

    assert found is not None
    assert found.confidence == (None if confidence is None else pytest.approx(confidence))


def test_text_that_is_no_json_is_a_class_if_it_is_one_word() -> None:
    assert find_class("tabby").name == "tabby"  # type: ignore[union-attr]
    assert find_class(" 7\n").name == "7"  # type: ignore[union-attr]
    assert find_class("no idea") is None
    assert find_class("") is None


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("results.1.value", "2"),
        ("results[1].value", "2"),
        ("results.0", None),
        ("results.9.value", None),
        ("nothing", None),
        ("scores", "2"),
    ],
)
def test_a_person_names_the_place(path: str, name: str | None) -> None:
    answer = {"results": [{"a": 1, "b": 3}, {"value": 2}], "scores": SCORES}
    found = find_class(json.dumps(answer), path)

    assert (found.name if found else None) == name


def test_a_path_without_a_step_is_refused() -> None:
    assert check_path("a.0") == "a.0"
    with pytest.raises(InvalidArgument, match="not a valid path"):
        check_path("..")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=12)
        | st.dictionaries(st.sampled_from([*CLASS_KEYS, "outputs", "data", "x", "1", "2"]), inner)
    ),
    max_leaves=30,
)


@given(JSON, st.text(max_size=12))
def test_whatever_is_answered_it_is_a_word_or_nothing(answer: object, path: str) -> None:
    for text in (json.dumps(answer), str(answer)):
        found = find_class(text, path)
        if found is not None:
            assert found.name
            assert found.confidence is None or 0 <= found.confidence <= 1


@given(st.integers(0, 9), st.sampled_from(CLASS_KEYS))
def test_every_key_of_a_class_is_known(digit: int, key: str) -> None:
    for value in (digit, str(digit), float(digit), [digit]):
        found = find_class(json.dumps({key: value}))
        assert found is not None
        assert found.name == str(digit)
