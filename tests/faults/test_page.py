"""docs/reliability.md tells the rows that there are, and each has a test that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.faults.page import BEGIN, END, PAGE, count, page_with, table
from tests.faults.table import HELD_ROWS, ROWS

ROOT = Path(__file__).parents[2]
WANTED = 75


def test_the_page_has_the_table_of_today() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert BEGIN in text
    assert END in text
    assert page_with(text) == text, "python -m tests.faults.page writes it"


def test_the_page_says_how_many_rows_there_are() -> None:
    assert f"{count()} rows" in PAGE.read_text(encoding="utf-8")
    assert count() >= WANTED


def test_no_two_rows_have_the_same_name() -> None:
    names = [row.id for row in (*ROWS, *HELD_ROWS)]

    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize(
    "test", sorted({test for row in HELD_ROWS for test in row.held_by} | set(ROWS[0].held_by))
)
def test_each_row_is_held_by_a_test_that_there_is(test: str) -> None:
    file, _, name = test.partition("::")
    function = re.escape(name.partition("[")[0])

    assert re.search(rf"^(async )?def {function}\(", (ROOT / file).read_text(), re.MULTILINE)
    assert name.partition("[")[0] in table() or "test_rows" in file
