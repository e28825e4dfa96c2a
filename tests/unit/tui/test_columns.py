"""Which columns are shown, and how wide."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tsmon.tui.widgets.columns import GAP, LOOSE, Column, fit, shorten

NAME = Column("name", "MODEL", 0)
NOW = Column("now", "STATUS", 10)
RATE = Column("rate", "REQ/S", 5, right=True, rank=1)
QUEUE = Column("queue", "QUEUE", 7, right=True, rank=2)
ALL = (NAME, NOW, RATE, QUEUE)

ROOM = st.integers(0, 400)
LENGTH = st.integers(0, 60)
LONGEST = st.fixed_dictionaries({column.id: LENGTH for column in ALL})


def widths(room: int, **longest: int) -> dict[str, int]:
    return {column.id: width for column, width in fit(ALL, longest, room)}


def test_a_name_is_worth_more_than_the_least_important_column() -> None:
    assert list(widths(32, name=5)) == ["name", "now", "rate", "queue"]
    assert list(widths(32, name=12)) == ["name", "now", "rate"]
    assert list(widths(20, name=12)) == ["name", "now"]


def test_a_word_that_is_longer_than_its_column_is_shown_whole() -> None:
    assert widths(34, name=5, now=12)["now"] == 12


def test_in_a_wide_table_the_numbers_stay_near_the_name() -> None:
    assert widths(300, name=10)["name"] == 10 + LOOSE


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


@given(ROOM, LONGEST)
def test_more_room_takes_no_column_away(room: int, longest: dict[str, int]) -> None:
    assert set(dict(fit(ALL, longest, room))) <= set(dict(fit(ALL, longest, room + 1)))
