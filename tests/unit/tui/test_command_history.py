"""The commands that are kept for later sessions."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tsmon.tui.state.command_history import MOST_LINES, CommandHistory

LINES = st.lists(st.text("abc ", min_size=1).filter(str.strip), max_size=300)


@given(LINES)
def test_each_is_there_once_the_newest_last_and_never_too_many(lines: list[str]) -> None:
    history = CommandHistory(None)
    for line in lines:
        history.add(line)

    assert len(history.lines) == min(len(set(lines)), MOST_LINES)
    assert history.lines[-1:] == lines[-1:]
    assert len(set(history.lines)) == len(history.lines)


def test_two_sessions_at_once_lose_nothing_of_each_other(tmp_path: Path) -> None:
    file = tmp_path / "state" / "commands"
    one, other = CommandHistory(file), CommandHistory(file)
    one.add("theme nord")
    one.save()
    other.add("logs mnist")
    other.save()

    later = CommandHistory(file)
    later.load()
    assert later.lines == ["theme nord", "logs mnist"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_not_text_or_not_a_file_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "commands").write_bytes(b"\xff\xfe")
    (tmp_path / "folder").mkdir()
    for name in ("commands", "folder"):
        history = CommandHistory(tmp_path / name)
        history.add("logs")
        history.load()
        assert history.lines == ["logs"]
        history.save()
