"""Which config.properties is looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.doctor.made import java, machine, remote
from tsmon.doctor.configuration import look_at_config
from tsmon.doctor.facts import MachineFacts


def running_in(folder: Path, *arguments: str) -> MachineFacts:
    return machine(server=java(directory=folder, command=("java", *arguments)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.properties").write_text("job_queue_size=1\n")
    (tmp_path / "other.properties").write_text("job_queue_size=2\n")
    return tmp_path


def snapshot(folder: Path, name: str) -> Path:
    path = folder / "logs" / "config" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("job_queue_size=3\n")
    return path


def test_the_file_that_was_named_comes_first(folder: Path) -> None:
    found = look_at_config(folder / "other.properties", running_in(folder))

    assert found.settings == {"job_queue_size": "2"}


def test_then_the_one_of_the_servers_command_line(folder: Path) -> None:
    found = look_at_config(None, running_in(folder, "-f", "other.properties"))

    assert found.path == folder / "other.properties"


def test_then_its_newest_snapshot(folder: Path) -> None:
    snapshot(folder, "20260101-startup.cfg")
    newest = snapshot(folder, "20260102-shutdown.cfg")

    found = look_at_config(None, running_in(folder))

    assert (found.path, found.snapshots) == (newest, newest)


def test_a_snapshot_that_it_was_started_without_is_not_its_own(folder: Path) -> None:
    snapshot(folder, "20260101-startup.cfg")

    assert look_at_config(None, running_in(folder, "-ncs")).settings == {"job_queue_size": "1"}


def test_then_the_one_it_finds_where_it_was_started(folder: Path) -> None:
    assert look_at_config(None, running_in(folder)).settings == {"job_queue_size": "1"}


def test_a_server_without_any_is_said_to_have_none(tmp_path: Path) -> None:
    found = look_at_config(None, running_in(tmp_path))

    assert found.problem == "the server runs without a config.properties"


def test_of_a_server_that_is_not_here_no_file_is_known() -> None:
    found = look_at_config(None, remote())

    assert (found.path, found.settings) == (None, None)
    assert "pass one with --config" in found.problem


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    found = look_at_config(tmp_path, remote())

    assert found.settings is None
    assert str(tmp_path) in found.problem


def test_the_paths_of_a_container_are_not_read(folder: Path) -> None:
    contained = machine(server=java(directory=folder, files_here=False))

    assert "container" in look_at_config(None, contained).problem
