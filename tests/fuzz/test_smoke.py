"""A look at every parser with inputs that are the same each time; `make fuzz` goes far deeper."""

from __future__ import annotations

import time

import pytest
from _pytest.mark import ParameterSet

from tests.fuzz.mutation import inputs
from tests.fuzz.targets import TARGETS, Target, feed

ENOUGH_S = 0.4
"""For one target; what is slow gets fewer inputs."""
PATIENCE_S = 10.0
"""Until what is known to come out must have come."""
INPUTS = 3000
LONGEST_S = 2.0
"""No input of 16 KiB keeps a parser busy for longer, even where other programs run."""


def _expected(target: Target) -> ParameterSet:
    marks = [pytest.mark.xfail(strict=True, reason=target.known)] if target.known else []
    return pytest.param(target, marks=marks, id=target.name)


@pytest.mark.parametrize("target", map(_expected, TARGETS))
def test_only_documented_errors_come_out(target: Target) -> None:
    begin = time.perf_counter()
    for data in inputs(target.seeds, INPUTS):
        started = time.perf_counter()
        try:
            feed(target, data)
        except Exception as error:  # noqa: BLE001 (what it may be is the question)
            pytest.fail(f"{type(error).__name__}: {error}\nof {data[:2000]!r}")
        ended = time.perf_counter()
        assert ended - started < LONGEST_S, data[:2000]
        if ended - begin > (PATIENCE_S if target.known else ENOUGH_S):
            break


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_real_text_is_taken(target: Target) -> None:
    """Or else the fuzzing would begin behind the first check."""
    for seed in target.seeds[:1]:
        feed(target, seed)
