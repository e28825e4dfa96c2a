"""The comparison with k9s's keys says of tsmon's what is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tsmon.tui.keymap.effective import Keymap, resolve
from tsmon.tui.keymap.names import read_key

PAGE = Path(__file__).parents[2] / "docs" / "from-k9s.md"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.read_text().splitlines()
    if line.startswith("|") and "`" in line
]


def keys_in(cell: str) -> set[str]:
    return set(map(read_key, re.findall(r"`([^`]+)`", cell)))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_keys_named_do_what_the_page_says(row: list[str]) -> None:
    _, _, here, with_preset, action, _ = row
    id_ = action.strip("`")

    assert keys_in(here) <= set(Keymap().by_id(id_).names)
    assert keys_in(with_preset or here) <= set(resolve("k9s").by_id(id_).names)


def test_every_move_of_the_preset_of_a_thing_that_k9s_has_is_on_the_page() -> None:
    on_page = {row[4].strip("`") for row in ROWS}
    moved = {id_ for id_ in resolve("k9s").moved if not id_.startswith(("grid.", "line."))}

    assert moved - on_page == {"move.half-down", "move.half-up", "view.symbols", "digits.clear"}
