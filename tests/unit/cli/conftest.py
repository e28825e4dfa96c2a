"""Commands run in this process against the fake server."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.fake import FakeTorchServe
from tsmon.cli.main import cli
from tsmon.cli.outcome import run
from tsmon.cli.target import Target


@dataclass
class Finished:
    """A command that ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


Tsmon = Callable[..., Finished]


@pytest.fixture
def server(tmp_path: Path) -> FakeTorchServe:
    """A server with an archive of a digit model in its store."""
    fake = FakeTorchServe(key_file=tmp_path / "key_file.json")
    fake.archive("mnist")
    return fake


@pytest.fixture
def tsmon(server: FakeTorchServe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tsmon:
    """Runs a command line on that server, with its key file, and tells how it ended."""
    monkeypatch.setenv("TSMON_HOME", str(tmp_path / "home"))
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")

    def call(*args: str, keys: bool = True) -> Finished:
        target = Target(key_file=server.keys.path if keys else None, transport=server.transport())
        result: Result = CliRunner().invoke(entry(target), list(args), prog_name="tsmon")
        return Finished(result.exit_code, result.stdout, result.stderr)

    return call


def entry(target: Target) -> Any:
    """The command line as `main` runs it, exit codes included, with the target given."""

    class Entry(type(cli)):  # type: ignore[misc]
        def main(self, args: Any = None, **_: Any) -> None:
            raise SystemExit(run(cli, list(args), obj=target))

    return Entry(name="tsmon")
