"""A monkey at the keyboard; `make monkey` plays for longer, with other seeds."""

from __future__ import annotations

import pytest

from tests.tui.monkey import play_seed
from tests.tui.monkey_acts import acts_of

ACTS = 120


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_a_monkey_finds_no_way_to_end_or_block_the_monitor(seed: int) -> None:
    game = play_seed(seed, ACTS)

    assert game.problem is None, game.told()


def test_a_seed_does_the_same_again() -> None:
    assert list(acts_of(7, 500)) == list(acts_of(7, 500))
    assert list(acts_of(7, 100)) == list(acts_of(7, 500))[:100]
