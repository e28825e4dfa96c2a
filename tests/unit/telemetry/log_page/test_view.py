"""Which lines a filter, folds and a search show."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.telemetry.log_page.lines import (
    OTHER,
    access,
    printed,
    served,
    stamp,
    traceback,
    waited,
)
from tsmon.telemetry.log_page.buffer import LogBuffer
from tsmon.telemetry.log_page.lines import Level, parse_line
from tsmon.telemetry.log_page.view import LogFilter, LogView

EVERYTHING = LogFilter()


def viewed(*raw: bytes, filter_: LogFilter = EVERYTHING) -> LogView:
    book = LogBuffer()
    view = LogView(book, filter_)
    view.update(book.add(parse_line(line) for line in raw))
    return view


def texts(view: LogView) -> list[str]:
    return [row.text for row in view.rows]


MIXED = (
    printed(1, "mine"),
    printed(2, "other's", thread=OTHER),
    served(3, "Model mnist loaded.", thread="epollEventLoopGroup-3-2"),
    served(4, "Model mnist-large loaded.", thread="epollEventLoopGroup-3-2"),
    waited(5, 1, 2),
    access(6, 503),
    served(7, "Load model failed", level="WARN"),
    b"no line of TorchServe's",
)


def test_routine_lines_are_hidden_unless_asked_for() -> None:
    assert len(viewed(*MIXED).rows) == len(MIXED) - 1
    assert len(viewed(*MIXED, filter_=LogFilter(routine=True)).rows) == len(MIXED)


def test_the_lines_of_a_model_are_its_workers_and_those_that_name_it() -> None:
    about = viewed(*MIXED, filter_=LogFilter("mnist", "1.0"))
    assert texts(about) == [
        "mine",
        "Model mnist loaded.",
        parse_line(MIXED[5]).text,
        "Load model failed",
    ]
    assert "mine" not in texts(viewed(*MIXED, filter_=LogFilter("mnist", "2.0")))


def test_the_lines_of_a_worker_are_its_own() -> None:
    assert texts(viewed(*MIXED, filter_=LogFilter(worker="9001"))) == ["other's"]


def test_graver_lines_alone() -> None:
    assert len(viewed(*MIXED, filter_=LogFilter(level=Level.WARN)).rows) == 2
    assert len(viewed(*MIXED, filter_=LogFilter(level=Level.ERROR)).rows) == 1
    errors = viewed(*traceback(1), filter_=LogFilter(level=Level.ERROR))
    assert [row.is_head for row in errors.rows] == [True]


def test_a_fold_is_opened_and_closed() -> None:
    view = viewed(*traceback(1))
    assert len(view.rows) == 2
    assert view.toggle(view.rows[1])
    assert len(view.rows) == 5
    assert view.toggle(view.rows[4])
    assert len(view.rows) == 2
    assert not view.toggle(view.rows[0])


def test_all_folds_are_opened_those_to_come_as_well() -> None:
    view = viewed(*traceback(1))
    view.toggle_all()
    view.update(view.buffer.add(parse_line(line) for line in traceback(2)))
    assert len(view.rows) == 10
    view.toggle_all()
    assert len(view.rows) == 4


def test_an_open_fold_stays_together_while_another_worker_prints() -> None:
    one, two = traceback(1), printed(1, "between", thread=OTHER)
    view = viewed(*one[:3])
    view.toggle(view.rows[-1])
    view.update(view.buffer.add(parse_line(line) for line in (two, *one[3:])))
    assert texts(view)[-1] == "between"
    assert len(view.rows) == 6


def test_a_search_counts_what_is_folded_too_and_opens_it_there() -> None:
    view = viewed(printed(1, "body"), *traceback(2), printed(3, "nobody's"))
    view.seek("body")
    assert len(view.hits) == 4
    first = view.next_hit(None, 1)
    assert first is view.rows[0]
    hit = view.next_hit(first, 1)
    assert hit is not None
    assert hit.text == "    wish = row['body']"
    assert hit in view.rows
    assert view.rank(hit) == 2
    assert view.next_hit(first, -1) is view.rows[-1]
    view.seek("Body")
    assert view.next_hit(None, 1) is None
    view.seek("row[")
    assert len(view.hits) == 1


def test_hits_are_found_in_lines_that_come_later() -> None:
    view = viewed(printed(1, "one"))
    view.seek("two")
    view.update(view.buffer.add([parse_line(printed(2, "Two"))]))
    assert view.rank(view.rows[-1]) == 1


def test_a_moment_is_found() -> None:
    view = viewed(*(printed(second, str(second)) for second in range(10)), b"no stamp")
    assert view.row_at(datetime(2026, 11, 22, 12, 0, 4)) == 4
    assert view.row_at(datetime(2026, 11, 22, 11)) == 0
    assert view.row_at(datetime(2026, 11, 22, 13)) == 10


_RAW = st.lists(
    st.sampled_from(
        [*MIXED, *traceback(1), *traceback(1, thread=OTHER), f"{stamp(1)} - x".encode()]
    ),
    max_size=60,
)
_FILTER = st.builds(
    LogFilter,
    model=st.sampled_from(["", "mnist"]),
    level=st.sampled_from(Level),
    routine=st.booleans(),
)


@given(_RAW, _FILTER, st.integers(1, 9), st.sampled_from(["", "o", "row"]))
def test_lines_that_come_bit_by_bit_show_what_lines_at_once_show(
    raw: list[bytes], filter_: LogFilter, at_once: int, sought: str
) -> None:
    book = LogBuffer(budget=13_000)
    view = LogView(book, filter_)
    view.seek(sought)
    for start in range(0, len(raw), at_once):
        view.update(book.add(parse_line(line) for line in raw[start : start + at_once]))
    rows, hits, hidden = list(view.rows), list(view.hits), view.hidden
    view.rebuild()
    assert rows == view.rows
    assert hits == view.hits
    assert hidden == view.hidden
