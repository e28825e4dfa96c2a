from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tsmon.serving.temp_dir import make_temp_dir, remove_temp_dir


def test_is_private_and_removable() -> None:
    folder = make_temp_dir()

    assert folder.stat().st_mode & 0o777 == 0o700
    (folder / "models").mkdir()
    remove_temp_dir(folder)
    assert not folder.exists()
    remove_temp_dir(folder)


def test_the_sockets_of_workers_fit_in_their_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))

    folder = make_temp_dir()

    assert len(f"{folder}/.ts.sock.65535") <= 103
    remove_temp_dir(folder)


def test_no_other_folder_is_removed(tmp_path: Path) -> None:
    remove_temp_dir(tmp_path)

    assert tmp_path.exists()
