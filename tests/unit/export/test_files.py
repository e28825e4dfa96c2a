"""How the files of an export get into a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tsmon.export.files import ExportError, ExportFile, Outcome, write

FILES = [ExportFile("a.txt", "a\n"), ExportFile("below/b.txt", "b\n")]


def test_files_are_written_and_left_alone_the_second_time(tmp_path: Path) -> None:
    first = write(tmp_path / "new", FILES, force=False)
    second = write(tmp_path / "new", FILES, force=False)

    assert set(first.values()) == {Outcome.WRITTEN}
    assert set(second.values()) == {Outcome.UNCHANGED}
    assert (tmp_path / "new/below/b.txt").read_text() == "b\n"


def test_a_file_with_another_text_keeps_all_from_being_written(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("mine")

    with pytest.raises(ExportError, match=r"a\.txt would be replaced"):
        write(tmp_path, FILES, force=False)

    assert (tmp_path / "a.txt").read_text() == "mine"
    assert not (tmp_path / "below").exists()
    assert write(tmp_path, FILES, force=True)[tmp_path / "a.txt"] is Outcome.REPLACED


def test_a_folder_that_cannot_be_made_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ExportError, match="cannot write"):
        write(tmp_path / "file", FILES, force=False)
