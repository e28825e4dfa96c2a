"""With --read-only no command changes a server, its processes, its container or its files.

Every command of the command line is driven, with each of its flags, so that a new one is as well.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import click
import pytest
from click.testing import CliRunner

from tests.docker_stand_in import NAME, StandIn, install
from tests.fake import FakeTorchServe
from tests.unit.cli.conftest import entry
from tsmon.cli.main import cli
from tsmon.cli.target import Target
from tsmon.serving.record import ServerRecord

LIMIT_S = 1.5
"""After it a command that goes on without end is interrupted."""
ASKING = ("/predictions", "/wfpredict", "/explanations", "/v1/models", "/v2/models")
"""Paths at which a model is asked, which modifies nothing."""
READING = {"GET", "OPTIONS", "HEAD"}
LOOKING = {"ps", "inspect", "version", "info", "top", "images", "logs", "context", "port"}
"""What docker is asked without changing anything."""
VALUES = {"model": "mnist", "archive": "mnist.mar", "version": "1.0", "workers": "2"}


def leaves(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command that is no group."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, (*path, name))
        else:
            yield (*path, name)


COMMANDS = [" ".join(words) for words in leaves(cli)]


def command_of(words: list[str]) -> click.Command:
    found: click.Command = cli
    for word in words:
        assert isinstance(found, click.Group)
        found = found.commands[word]
    return found


def value_of(parameter: click.Parameter, file: Path) -> str:
    """Something that a parameter takes."""
    kind = parameter.type
    if isinstance(kind, click.Choice):
        return str(kind.choices[0])
    if isinstance(kind, click.types.IntParamType | click.types.FloatParamType):
        return "2"
    if isinstance(kind, click.Path):
        return str(file)
    return VALUES.get(str(parameter.name), "mnist")


def lines_of(words: list[str], file: Path) -> Iterator[list[str]]:
    """A command with what it has to be told, and again with each of its flags."""
    parameters = [each for each in command_of(words).params if each.expose_value]
    given: list[str] = []
    for each in parameters:
        if isinstance(each, click.Argument):
            given.append(value_of(each, file))
        elif each.required:
            given += [each.opts[0], value_of(each, file)]
    yield [*words, *given]
    for each in parameters:
        if isinstance(each, click.Option) and each.is_flag:
            yield [*words, *given, each.opts[0]]


@dataclass
class World:
    """A server that runs here as a process, another in a container, and what was done to them."""

    fake: FakeTorchServe
    engine: StandIn
    process: subprocess.Popen[bytes]
    home: Path
    store: Path
    before: dict[Path, bytes]

    def run(self, *line: str, read_only: bool = True) -> int:
        target = Target(transport=self.fake.transport())
        options = ["--read-only"] if read_only else []
        with interrupted_after(LIMIT_S):
            result = CliRunner().invoke(entry(target), [*options, *line], prog_name="tsmon")
        return result.exit_code

    @property
    def changes(self) -> list[str]:
        """What was changed."""
        asked = [
            f"{request.method} {request.url.path}"
            for request in self.fake.requests
            if (request.method not in READING and not request.url.path.startswith(ASKING))
            or request.url.path == "/token"
        ]
        docker = [f"docker {verb}" for verb in self.verbs() if verb not in LOOKING]
        ended = ["the process was ended"] if self.process.poll() is not None else []
        now = files_in(self.home) | files_in(self.store)
        files = [
            str(path) for path in {*now, *self.before} if now.get(path) != self.before.get(path)
        ]
        return [*asked, *docker, *ended, *files]

    def verbs(self) -> list[str]:
        path = self.engine.home / "commands"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line.split('"')[1] for line in lines]


def files_in(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    home, store, temp_dir = tmp_path / "home", tmp_path / "store", tmp_path / "tmp"
    for folder in (home, store, temp_dir, tmp_path / "cwd"):
        folder.mkdir()
    monkeypatch.setenv("TSMON_HOME", str(home))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("EDITOR", "true")
    monkeypatch.chdir(tmp_path / "cwd")
    monkeypatch.setattr("os.execvp", lambda *words: pytest.fail(f"a shell was opened: {words}"))
    fake = FakeTorchServe(key_file=home / "key_file.json")
    fake.archive("mnist", "2.0", url="mnist.mar")
    fake.load("mnist", workers=2)
    (store / "mnist.mar").write_bytes(b"archive")
    engine = install(tmp_path / "docker", monkeypatch)
    engine.run(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)", f"-Djava.io.tmpdir={temp_dir}"]
    )
    ServerRecord(
        pid=process.pid,
        temp_dir=temp_dir,
        inference=fake.addresses.inference,
        management=fake.addresses.management,
        metrics=fake.addresses.metrics,
        model_store=store,
        key_file=home / "key_file.json",
        started_at=time.time(),
        version="0.12.0",
        ready=True,
    ).save(home / "server.json")
    yield World(fake, engine, process, home, store, files_in(home) | files_in(store))
    process.kill()
    process.wait()


class interrupted_after:  # noqa: N801 (reads as a word)
    """Presses Ctrl-C after some seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __enter__(self) -> None:
        def press(number: int, frame: FrameType | None) -> None:
            signal.raise_signal(signal.SIGINT)

        self._before = signal.signal(signal.SIGALRM, press)
        signal.setitimer(signal.ITIMER_REAL, self._seconds, self._seconds)

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._before)


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_changes_anything(world: World, command: str, tmp_path: Path) -> None:
    file = tmp_path / "7.png"
    shutil.copy(next((Path(__file__).parents[3] / "artifacts/samples").rglob("*.png")), file)
    for line in lines_of(command.split(), file):
        world.run(*line)
        assert world.changes == [], line


@pytest.mark.parametrize(
    "line",
    [
        "serve stop",
        f"serve stop --name {NAME}",
        f"serve resume --name {NAME}",
        "serve start",
        "serve start --docker",
        f"serve shell --name {NAME}",
        "demo",
        "demo --headless",
        "register mnist.mar",
        "scale mnist 1",
        "set-default mnist 1.0",
        "unregister mnist --yes",
        "replace mnist mnist.mar",
        "restart mnist",
        "workflow register mnist.war",
        "workflow unregister mnist --yes",
        "restart mnist --at-once --yes",
        "experiment mnist --workers 1,2",
        "autoscale mnist --max 2 --apply",
        "token refresh",
    ],
)
def test_what_changes_a_server_is_refused_and_says_so(world: World, line: str) -> None:
    target = Target(transport=world.fake.transport())
    words = ["--read-only", *line.split()]
    ended = CliRunner().invoke(entry(target), words, prog_name="tsmon")
    assert ended.exit_code == 1, ended.output
    assert "read-only session" in ended.stderr
    assert "without --read-only" in ended.stderr
    assert world.changes == []


@pytest.mark.parametrize("line", ["scale mnist 1", "token refresh", "serve stop"])
def test_without_read_only_a_change_is_seen_here(world: World, line: str) -> None:
    world.run(*line.split(), read_only=False)
    assert world.changes


def test_a_variable_makes_it_read_only_as_well(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TSMON_READ_ONLY", "1")
    assert world.run("serve", "stop", read_only=False) == 1
    assert os.waitid(os.P_PID, world.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    assert world.changes == []
