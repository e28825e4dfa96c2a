"""A look at every parser with inputs that are the same each time; `make fuzz` goes far deeper."""

from __future__ import annotations

import time

import pytest

from tests.fuzz.mutation import inputs
from tests.fuzz.targets import TARGETS, Target, feed

ENOUGH_S = 0.4
"""For one target; what is slow gets fewer inputs."""
INPUTS = 3000
LONGEST_S = 2.0
"""No input of 16 KiB keeps a parser busy for longer, even where other programs run."""


@pytest.mark.parametrize("target", TARGETS, ids=[target.name for target in TARGETS])
def test_only_documented_errors_come_out(target: Target) -> None:
    begin = time.thread_time()
    for data in inputs(target.seeds, INPUTS):
        started = time.thread_time()
        try:
            feed(target, data)
        except Exception as error:  # noqa: BLE001 (what it may be is the question)
            pytest.fail(f"{type(error).__name__}: {error}\nof {data[:2000]!r}")
        ended = time.thread_time()
        assert ended - started < LONGEST_S, data[:2000]
        if ended - begin > ENOUGH_S:
            break


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_real_text_is_taken(target: Target) -> None:
    """Or else the fuzzing would begin behind the first check."""
    for seed in target.seeds[:1]:
        feed(target, seed)
