"""Which columns are shown, and how wide."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.tui.widgets.columns import GAP, LOOSE, Column, fit, shorten
from tsmon.tui.widgets.models_pane import MODEL_COLUMNS

NAME = Column("name", "MODEL", 0)
NOW = Column("now", "STATUS", 10)
RATE = Column("rate", "REQ/S", 5, right=True, rank=1)
QUEUE = Column("queue", "QUEUE", 7, right=True, rank=2)
ALL = (NAME, NOW, RATE, QUEUE)

VITAL = ["MODEL", "VERSION", "WORKERS", "STATUS", "REQ/S", "ERR/S", "P95", "TREND"]
COSTS = ["INFER", "QUEUE", "%QUEUE"]
BORDERS = 3
"""Those of the pane, and its scroll bar."""

ROOM = st.integers(0, 400)
LENGTH = st.integers(0, 60)
LONGEST = st.fixed_dictionaries({column.id: LENGTH for column in ALL})


def widths(room: int, **longest: int) -> dict[str, int]:
    return {column.id: width for column, width in fit(ALL, longest, room)}


def test_the_least_important_column_is_the_first_to_be_left_out() -> None:
    assert list(widths(38)) == ["name", "now", "rate", "queue"]
    assert list(widths(37)) == ["name", "now", "rate"]
    assert list(widths(29)) == ["name", "now"]


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        (60, ["MODEL", "VERSION", "WORKERS", "STATUS", "REQ/S", "P95"]),
        (80, ["MODEL", "VERSION", "WORKERS", "STATUS", "REQ/S", "ERR/S", "P95", "TREND"]),
        (100, [*VITAL, "INFER", "QUEUE"]),
        (120, [*VITAL, *COSTS, "WAITING"]),
        (140, [*VITAL, *COSTS, "WAITING", "MEMORY", "BATCH"]),
        (220, [*VITAL, *COSTS, "WAITING", "MEMORY", "BATCH", "ARCHIVE"]),
    ],
)
@pytest.mark.parametrize("name", [3, 17, 60])
def test_the_models_have_these_columns_whatever_they_are_called(
    columns: int, shown: list[str], name: int
) -> None:
    room = columns - BORDERS
    fitted = fit(MODEL_COLUMNS, {"name": name}, room)
    assert [column.label for column, _ in fitted] == shown
    assert sum(width + GAP for _, width in fitted) <= room


def test_a_word_that_is_longer_than_its_column_is_shown_whole() -> None:
    assert widths(40, name=5, now=12)["now"] == 12


def test_a_long_word_takes_room_of_the_name_and_no_column_away() -> None:
    room = 56
    plain, long = widths(room, name=30), widths(room, name=30, now=16)
    assert list(plain) == list(long)
    assert (plain["now"], long["now"]) == (10, 16)
    assert long["name"] < plain["name"]


def test_in_a_wide_table_the_numbers_stay_near_the_name() -> None:
    assert widths(300, name=20)["name"] == 20 + LOOSE


def test_a_flexible_column_at_the_end_has_all_the_rest() -> None:
    shown = dict(fit((NOW, NAME), {"name": 5}, 100))
    assert sum(shown.values()) + 2 * GAP == 100


def test_a_name_keeps_the_end_that_tells_it_from_others() -> None:
    assert shorten("model-with-long-name-12", 12) == "model-…me-12"
    assert shorten("mnist", 12) == "mnist"
    assert shorten("3 failed: no answer", 12) == "3 failed: no answer"


@given(st.text("ab-", min_size=1), st.integers(1, 40))
def test_a_name_takes_no_more_than_its_column(name: str, width: int) -> None:
    assert len(shorten(name, width)) == min(len(name), width)


@given(ROOM, LONGEST)
def test_the_columns_fit_unless_none_can_be_left_out(room: int, longest: dict[str, int]) -> None:
    shown = fit(ALL, longest, room)
    used = sum(width + GAP for _, width in shown)
    assert used <= room or [column for column, _ in shown] == [NAME, NOW]


@given(ROOM, LONGEST, LONGEST)
def test_no_column_comes_or_goes_because_of_a_text(
    room: int, longest: dict[str, int], other: dict[str, int]
) -> None:
    assert list(dict(fit(ALL, longest, room))) == list(dict(fit(ALL, other, room)))


@given(ROOM, LONGEST)
def test_more_room_takes_no_column_away(room: int, longest: dict[str, int]) -> None:
    assert set(dict(fit(ALL, longest, room))) <= set(dict(fit(ALL, longest, room + 1)))
