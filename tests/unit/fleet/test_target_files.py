"""The files that name servers: reload when they change, kept when they turn bad."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tsmon.fleet.target_files import TargetFiles


def write(file: Path, *targets: str) -> None:
    file.write_text(json.dumps([{"targets": list(targets)}]))


def names(files: TargetFiles) -> list[str]:
    return [target.name for target in files.read()]


def test_a_pattern_finds_all_files_new_ones_too(tmp_path: Path) -> None:
    write(tmp_path / "b.json", "b:8082")
    files = TargetFiles([tmp_path / "*.json"])
    assert names(files) == ["b:8082"]

    write(tmp_path / "a.json", "a:8082")

    assert names(files) == ["a:8082", "b:8082"]
    assert not files.problems


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "targets.json"
    write(file, "a:8082")
    files = TargetFiles([file])
    assert names(files) == ["a:8082"]

    write(file, "a:8082", "b:8082")

    assert names(files) == ["a:8082", "b:8082"]


def test_a_file_that_turned_bad_keeps_what_it_had_until_it_is_mended(tmp_path: Path) -> None:
    file = tmp_path / "targets.json"
    write(file, "a:8082")
    files = TargetFiles([file])
    names(files)

    file.write_text("[{")

    assert names(files) == ["a:8082"]
    assert "targets.json: is not JSON" in files.problems[0]
    assert names(files) == ["a:8082"], "it stays at the next look too"
    assert files.problems

    write(file, "c:8082")

    assert names(files) == ["c:8082"]
    assert not files.problems


def test_a_file_that_went_takes_its_servers_with_it(tmp_path: Path) -> None:
    file = tmp_path / "targets.json"
    write(file, "a:8082")
    files = TargetFiles([file])
    names(files)

    file.unlink()

    assert names(files) == []
    assert "no such file" in files.problems[0]


def test_a_folder_is_said_and_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()
    write(tmp_path / "good.json", "good:8082")
    files = TargetFiles([tmp_path / "*"])

    assert names(files) == ["good:8082"]
    assert len(files.problems) == 1


@pytest.mark.parametrize("name", ["targets.yml", "targets.yaml"])
def test_yaml_is_read_by_its_ending(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("- targets: ['a:8082']\n  labels: {rack: 7}")

    (target,) = TargetFiles([tmp_path / "*"]).read()

    assert (target.name, target.labels) == ("a:8082", {"rack": "7"})


def test_yaml_is_told_to_need_pyyaml_where_that_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    (tmp_path / "targets.yml").write_text("- targets: ['a:8082']")
    files = TargetFiles([tmp_path / "*"])

    assert names(files) == []
    assert "is YAML, which needs PyYAML: pip install 'tsmon[yaml]'" in files.problems[0]


def test_a_file_of_the_same_size_that_is_written_again_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "targets.json"
    write(file, "a:8082")
    files = TargetFiles([file])
    names(files)

    write(file, "b:8082")
    os.utime(file, (1, 1))

    assert names(files) == ["b:8082"]
