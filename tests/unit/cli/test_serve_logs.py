"""Whose log `tsmon serve logs` prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Tsmon
from tsmon.cli.commands.serve import logs
from tsmon.serving.record import ServerRecord


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder whose server at 8081 has logged a line; nothing else runs."""
    monkeypatch.setattr(logs, "find_logs", lambda _url: None)
    folder = tmp_path / "home"
    (folder / "logs").mkdir(parents=True)
    (folder / "logs" / "ts_log.log").write_text("the home's\n")
    ServerRecord(
        inference="http://127.0.0.1:8080",
        management="http://127.0.0.1:8081",
        metrics="http://127.0.0.1:8082",
        model_store=tmp_path,
        key_file=None,
        started_at=0.0,
        version="0.12.0",
    ).save(folder / "server.json")
    return folder


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("options", [(), ("--server", "localhost:8081")])
def test_the_homes_where_no_other_is_named(tsmon: Tsmon, options: tuple[str, ...]) -> None:
    assert tsmon("serve", "logs", *options).stdout == "the home's\n"


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("address", ["gpu7", "localhost:9081"])
def test_never_the_homes_for_another_server(tsmon: Tsmon, address: str) -> None:
    ended = tsmon("serve", "logs", "--server", address)

    assert (ended.code, ended.stdout) == (1, "")
    assert "it is not known where" in ended.stderr
    assert "--logs DIR" in ended.stderr


@pytest.mark.usefixtures("home")
def test_those_of_the_folder_that_is_named_or_found(
    tsmon: Tsmon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "access_log.log").write_text("another's\n")

    named = tsmon("serve", "logs", "access", "--logs", str(tmp_path))
    monkeypatch.setattr(logs, "find_logs", lambda _url: tmp_path)
    found = tsmon("serve", "logs", "access", "--server", "localhost:9081")

    assert named.stdout == found.stdout == "another's\n"
    assert tsmon("serve", "logs", "console", "--logs", str(tmp_path)).code == 1
