from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsmon.logs import last_lines as last_lines_module
from tsmon.logs.last_lines import last_lines, start_of_last


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_lines_module, "_BLOCK", 5)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs") / "log"


@given(
    lines=st.lists(st.text("ab é")),
    count=st.integers(0, 5),
    ended=st.booleans(),
)
def test_last_lines_are_the_end_of_the_file(
    scratch: Path, lines: list[str], count: int, ended: bool
) -> None:
    text = "\n".join(lines) + "\n" * ended
    scratch.write_text(text, encoding="utf-8")

    expected = text.split("\n") if text else []
    if expected and not expected[-1]:
        expected.pop()
    assert last_lines(scratch, count) == (expected[-count:] if count else [])


def test_last_lines_since_a_byte(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("old 1\nold 2\nnew 1\nnew 2\n")

    assert last_lines(path, 10, since=12) == ["new 1", "new 2"]
    assert last_lines(path, 1, since=12) == ["new 2"]
    assert last_lines(path, 10, since=999) == []


def test_last_lines_of_no_file(tmp_path: Path) -> None:
    assert last_lines(tmp_path / "no", 10) == []


def test_where_the_last_lines_begin(tmp_path: Path) -> None:
    path = tmp_path / "log"
    assert start_of_last(path, 2) == 0
    path.write_text("one\ntwo\nthree\nfour")
    assert path.read_text()[start_of_last(path, 2) :] == "three\nfour"
    assert start_of_last(path, 0) == 18
