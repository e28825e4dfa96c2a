"""CSV that a spreadsheet may open."""

from __future__ import annotations

import csv

import pytest

from tsmon.untrusted.csv import csv_text


@pytest.mark.parametrize("formula", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1"])
def test_a_formula_becomes_a_text(formula: str) -> None:
    text = csv_text(["model"], [{"model": formula}])

    assert list(csv.reader(text.splitlines())) == [["model"], [f"'{formula}"]]


def test_numbers_stay_numbers_and_what_is_missing_is_empty() -> None:
    text = csv_text(["a", "b", "c"], [{"a": -1.5, "b": "-1.5e3"}])

    assert text == "a,b,c\n-1.5,-1.5e3,\n"
