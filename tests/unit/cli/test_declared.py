"""The commands that write down, compare and apply what a server serves."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fake import FakeTorchServe
from tests.unit.cli.conftest import Tsmon


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "state.toml"
    path.write_text('[[models]]\nname = "mnist"\nversion = "1.0"\narchive = "mnist.mar"\n')
    return path


def test_a_dump_is_what_diff_finds_nothing_to_do_about(
    tsmon: Tsmon, server: FakeTorchServe, tmp_path: Path
) -> None:
    server.load("mnist", workers=2)
    dumped = tsmon("dump")
    assert dumped.code == 0
    (tmp_path / "a.toml").write_text(dumped.stdout)
    same = tsmon("diff", str(tmp_path / "a.toml"))
    assert (same.code, "nothing to do" in same.stdout) == (0, True)


def test_a_difference_is_an_exit_code(tsmon: Tsmon, file: Path) -> None:
    ended = tsmon("diff", str(file))
    assert ended.code == 1
    assert "register mnist 1.0: mnist.mar, 1 worker" in ended.stdout


def test_apply_shows_the_plan_and_says_where_the_way_back_is(
    tsmon: Tsmon, server: FakeTorchServe, file: Path
) -> None:
    server.load("other")
    ended = tsmon("apply", str(file))
    assert ended.code == 0, ended.stderr
    assert "✓ register mnist 1.0" in ended.stderr
    assert "left alone: other 1.0 (--prune unregisters it)" in ended.stderr
    (kept,) = Path("../home/states").glob("*.toml")
    assert str(kept.resolve()) in ended.stderr.replace("\n", "")
    assert tsmon("apply", str(kept.resolve()), "--prune").code == 0
    assert list(server.registry.models) == ["other"]


def test_a_failure_stops_it_with_the_way_back(
    tsmon: Tsmon, server: FakeTorchServe, file: Path
) -> None:
    del server.store["mnist.mar"]
    ended = tsmon("apply", str(file), "--json")
    assert ended.code == 1
    assert ended.json[0]["steps"][0]["outcome"] == "failed"
    assert "puts back what was there" in ended.stderr


def test_a_read_only_session_applies_nothing(
    tsmon: Tsmon, server: FakeTorchServe, file: Path
) -> None:
    ended = tsmon("--read-only", "apply", str(file))
    assert ended.code == 1
    assert "read-only" in ended.stderr
    assert not server.sent("POST")


def test_a_server_that_the_configuration_does_not_have_is_said(tsmon: Tsmon, file: Path) -> None:
    ended = tsmon("diff", str(file), "--to", "prod")
    assert ended.code == 2
    assert "prod is not a server of the configuration" in ended.stderr
