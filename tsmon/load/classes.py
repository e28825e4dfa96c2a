"""Where the class stands in an answer: found where only one place can be meant, else not known.

The shapes are those that handlers of TorchServe, KServe's v1 and v2 protocols and public digit
services answer with. A guess would be counted as right or wrong, so there is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import exp, fsum, isfinite
from typing import Any

from msgspec import Struct

from tsmon.torchserve.errors import InvalidArgument
from tsmon.untrusted.json import BadJson, parse_json

CLASS_KEYS = (
    "digit",
    "class",
    "class_id",
    "label",
    "prediction",
    "predicted",
    "predicted_class",
    "predicted_digit",
    "result",
    "answer",
)
"""Names under which services return the class."""
WRAPPERS = ("predictions", "outputs", "results", "data", "output", "predicted_classes", *CLASS_KEYS)
"""Names under which there is more to look into; KServe's among them."""
CONFIDENCE_KEYS = ("confidence", "probability", "score", "prob")
LIST_KEYS = ("probabilities", "scores", "confidences", "probs", "logits")
CLASSES = 10
"""Scores without names are one for each digit."""
DEEPEST = 16
_SUM_TOLERANCE = 0.02
_NUMBER = re.compile(r"[+-]?\d{1,18}(\.0*)?")
_STEP = re.compile(r"[^.\[\]]+")


class Found(Struct, frozen=True):
    """The class of an answer."""

    name: str
    confidence: float | None = None
    """Probability of the class, 0 to 1, where the answer has it."""
    probabilities: tuple[float, ...] | None = None
    """Of the digits from 0 on, where it has them all."""


def find_class(text: str, path: str = "") -> Found | None:
    """The class that an answer names; None where there is none, or more than one place for it.

    With `path`, such as `predictions.0.class`, what stands there is looked at and nothing else.
    """
    try:
        answer = parse_json(text)
    except BadJson:
        return _word(text.strip()) if not path else None
    if path:
        answer = _at(answer, path)
    return _in_value(answer, DEEPEST)


def check_path(path: str) -> str:
    """The path, if it is one.

    Raises:
        InvalidArgument: it has no step.
    """
    if path and not _STEP.findall(path):
        hint = "such as predictions.0.class"
        raise InvalidArgument(f"{path!r} is not a valid path into an answer", hint)
    return path


def _at(answer: Any, path: str) -> Any:
    for step in _STEP.findall(path):
        if isinstance(answer, Mapping):
            answer = answer.get(step)
        elif isinstance(answer, list) and step.isdecimal() and int(step) < len(answer):
            answer = answer[int(step)]
        else:
            return None
    return answer


def _in_value(value: Any, depth: int) -> Found | None:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return _word(value)
    if depth == 0:
        return None
    if isinstance(value, list):
        return _in_list(value, depth - 1)
    if isinstance(value, Mapping):
        return _in_mapping(value, depth - 1)
    return None


def _word(value: str | float) -> Found | None:
    """One word, or one number; `2`, `"2"` and `2.0` are the same class."""
    text = str(value).strip()
    if _NUMBER.fullmatch(text):
        return Found(str(int(float(text)))) if float(text) >= 0 else None
    is_word = isinstance(value, str) and text and not any(each.isspace() for each in text)
    return Found(text) if is_word and len(text) <= 40 and text[0].isalpha() else None


def _in_list(values: Sequence[Any], depth: int) -> Found | None:
    if len(values) == 1:
        return _in_value(values[0], depth)
    if all(_is_number(value) for value in values):
        return _of_scores(values)
    if len(values) == 2 and isinstance(values[0], str) and _is_probability(values[1]):
        return Found(values[0], float(values[1]))  # a pair of a ranking
    return _in_ranking(values, depth)


def _of_scores(values: Sequence[float]) -> Found | None:
    """One score for each digit: probabilities, their logarithms, or numbers of any scale."""
    if len(values) != CLASSES or not all(map(isfinite, values)):
        return None
    best = max(values)
    if values.count(best) != 1:
        return None
    if all(isinstance(value, int) for value in values) and sorted(values) != [0] * 9 + [1]:
        return None  # ten whole numbers may as well be ten classes
    probabilities = _probabilities(values)
    name = str(values.index(best))
    return Found(name, max(probabilities) if probabilities else None, probabilities)


def _probabilities(values: Sequence[float]) -> tuple[float, ...] | None:
    """The scores as probabilities, where they are some or their logarithms."""
    if all(map(_is_probability, values)) and abs(fsum(values) - 1) <= _SUM_TOLERANCE:
        return tuple(map(float, values))
    if all(value <= 0 for value in values):
        found = tuple(map(exp, values))
        return found if abs(fsum(found) - 1) <= _SUM_TOLERANCE else None
    return None


def _in_ranking(values: Sequence[Any], depth: int) -> Found | None:
    """The first of classes that are listed from the likeliest on, each with its confidence."""
    found = [_in_value(value, depth) for value in values]
    ranked = [each for each in found if each is not None and each.confidence is not None]
    if len(ranked) != len(values) or len({each.name for each in ranked}) != len(values):
        return None
    scores = [each.confidence or 0.0 for each in ranked]
    best = max(scores)
    return ranked[scores.index(best)] if scores.count(best) == 1 else None


def _in_mapping(value: Mapping[str, Any], depth: int) -> Found | None:
    if found := _of_class_scores(value) or _of_two_lists(value):
        return found
    places = [value[key] for key in WRAPPERS if value.get(key) is not None]
    found_there = [each for each in (_in_value(place, depth) for place in places) if each]
    scores = _listed(value)
    if not found_there:
        return _of_scores(scores) if scores and not places else None
    if len({each.name for each in found_there}) != 1:
        return None
    return _with_confidence(found_there[0], value, scores)


def _with_confidence(found: Found, value: Mapping[str, Any], scores: Sequence[float]) -> Found:
    probabilities = _probabilities(scores) if scores else None
    if probabilities and found.name.isdecimal() and int(found.name) < len(probabilities):
        return Found(found.name, probabilities[int(found.name)], probabilities)
    given = next((value[key] for key in CONFIDENCE_KEYS if _is_probability(value.get(key))), None)
    return Found(found.name, found.confidence if given is None else float(given))


def _listed(value: Mapping[str, Any]) -> list[float]:
    """The scores beside the class, as far as they are numbers; of one image, however nested."""
    for key in LIST_KEYS:
        scores = value.get(key)
        while isinstance(scores, list) and len(scores) == 1 and isinstance(scores[0], list):
            scores = scores[0]
        if isinstance(scores, list) and scores and all(map(_is_number, scores)):
            return scores
    return []


def _of_class_scores(value: Mapping[str, Any]) -> Found | None:
    """Classes by name, each with its score, as TorchServe's own classifiers answer."""
    if len(value) < 2 or set(value) & {*WRAPPERS, *CONFIDENCE_KEYS, *LIST_KEYS}:
        return None
    if not all(map(_is_number, value.values())):
        return None
    digits = all(_NUMBER.fullmatch(name) for name in value)
    if not (digits or all(map(_is_probability, value.values()))):
        return None  # measurements, not classes
    if not digits and abs(fsum(value.values()) - 1) > _SUM_TOLERANCE and not _falls(value):
        return None
    best = max(value.values())
    names = [name for name, score in value.items() if score == best]
    if len(names) != 1:
        return None
    word = _word(names[0]) if digits else Found(names[0])
    return Found(word.name, float(best) if _is_probability(best) else None) if word else None


def _falls(value: Mapping[str, float]) -> bool:
    """Whether the scores are a ranking, the likeliest first."""
    return all(one >= other for one, other in pairwise(value.values())) and len(value) >= 3


def _of_two_lists(value: Mapping[str, Any]) -> Found | None:
    """Classes and their scores in two lists of one length."""
    for names_key in ("classes", "labels"):
        names = value.get(names_key)
        for scores_key in (*LIST_KEYS, "score"):
            scores = value.get(scores_key)
            if not (isinstance(names, list) and isinstance(scores, list)):
                continue
            if len(names) == len(scores) > 0 and all(map(_is_number, scores)):
                best = max(scores)
                word = _word(names[scores.index(best)]) if scores.count(best) == 1 else None
                if word is not None:
                    return Found(word.name, float(best) if _is_probability(best) else None)
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_probability(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= 1
