"""The commands for a server in a container, on an engine that is a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.docker_stand_in import IMAGE, StandIn, install
from tests.fake import FakeTorchServe
from tests.fake.loopback import Loopback, beside
from tests.unit.cli.conftest import Tsmon
from tsmon.serving import container_server
from tsmon.serving.ports import Ports


class Replaced(Exception):
    """This process would be another program now."""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return install(tmp_path / "engine", monkeypatch)


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """A server at the ports that are called free."""
    with beside() as loopback:
        at = loopback.fake.addresses
        inference, management, metrics = (
            urlsplit(url).port or 0 for url in (at.inference, at.management, at.metrics)
        )
        ports = Ports(inference=inference, management=management, metrics=metrics)
        monkeypatch.setattr("tsmon.serving.ports.free_ports", lambda: ports)
        monkeypatch.setattr(container_server, "check_free", lambda ports: None)
        yield loopback


@pytest.fixture
def server(answering: Loopback) -> FakeTorchServe:
    """The server that the commands talk to is the one in the container."""
    return answering.fake


def test_start_status_stop_and_start_again(
    tsmon: Tsmon, engine: StandIn, answering: Loopback
) -> None:
    management = answering.fake.addresses.management
    runs = f"TorchServe 0.12.0 runs at {management}, container digits\n"

    started = tsmon("serve", "start", "--docker", "--name", "digits", "--ports", "free")
    assert (started.code, started.stdout) == (0, runs)
    assert "starting container digits" in started.stderr
    assert "keys not needed" in started.stderr

    status = tsmon("serve", "status", "--json")
    assert status.code == 0
    assert status.json["state"] == "running"
    assert (status.json["server"]["container"], status.json["server"]["pid"]) == ("digits", None)
    assert "container  digits" in tsmon("serve", "status").stdout

    stopped = tsmon("serve", "stop")
    assert stopped.code == 0
    assert "`tsmon serve resume --name digits` starts it" in stopped.stderr
    assert tsmon("serve", "status").code == 1

    assert tsmon("serve", "resume", "--name", "digits").stdout == runs
    assert tsmon("serve", "stop", "--name", "digits").stdout == "stopped the container digits\n"


def test_an_archive_that_the_container_does_not_see(
    tsmon: Tsmon, engine: StandIn, answering: Loopback, tmp_path: Path
) -> None:
    tsmon("serve", "start", "--docker", "--ports", "free")
    (tmp_path / "mnist.mar").touch()

    ended = tsmon("register", str(tmp_path / "mnist.mar"))

    assert ended.code == 1
    assert f"The container tsmon does not see {tmp_path / 'mnist.mar'}" in ended.stderr
    assert str(Path("artifacts").resolve()) in ended.stderr


def test_its_folders_and_its_image(tsmon: Tsmon, engine: StandIn, answering: Loopback) -> None:
    Path("model").mkdir()

    ended = tsmon(
        *(
            "serve",
            "start",
            "--docker",
            "--ports",
            "free",
            "--image",
            IMAGE,
            "--set",
            "vmargs=-Xmx1g",
        ),
        *("--mount", "model:/home/model-server/model:ro"),
    )

    assert ended.code == 0
    (created,) = engine.commands("create")
    assert created[-1] == IMAGE
    source, target = Path("model").resolve(), "/home/model-server/model"
    assert f"type=bind,source={source},target={target},readonly" in created
    assert "vmargs=-Xmx1g" in engine.copied("config.properties")


def test_a_missing_image_is_pulled_with_a_word(
    tsmon: Tsmon, engine: StandIn, answering: Loopback
) -> None:
    engine.write("images", "")
    engine.write("pulling", "latest-cpu: Pulling from pytorch/torchserve\n")

    ended = tsmon("serve", "start", "--docker", "--ports", "free")

    assert ended.code == 0
    assert f"pulling {IMAGE}" in ended.stderr


@pytest.mark.parametrize("option", ["--image=x", "--mount=x:/x"])
def test_what_goes_with_a_container_alone(tsmon: Tsmon, option: str) -> None:
    ended = tsmon("serve", "start", option)

    assert ended.code == 2
    assert "go with --docker" in ended.stderr


@pytest.mark.parametrize("mount", ["x", "x:y", ":/x", "x:/x:rw"])
def test_what_is_no_mount(tsmon: Tsmon, mount: str) -> None:
    ended = tsmon("serve", "start", "--docker", "--mount", mount)

    assert ended.code == 2
    assert "FOLDER:/PATH/IN/IT" in ended.stderr


def test_where_docker_is_missing(
    tsmon: Tsmon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    ended = tsmon("serve", "start", "--docker")

    assert ended.code == 1
    assert "Docker is not on this machine's PATH" in ended.stderr
    assert "or run TorchServe without Docker: tsmon serve start" in ended.stderr


def test_a_shell_takes_the_place_of_the_command(
    tsmon: Tsmon, engine: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    became: list[list[str]] = []

    def become(_: str, command: list[str]) -> None:
        became.append(command)
        raise Replaced

    monkeypatch.setattr(os, "execvp", become)
    engine.have("mine", State={"Status": "running"})

    tsmon("serve", "shell", "--name", "mine")

    assert became == [["docker", "exec", "--interactive", "mine", "/bin/bash"]]


def test_a_shell_needs_a_container_that_runs(tsmon: Tsmon, engine: StandIn) -> None:
    missing = tsmon("serve", "shell")
    engine.have("tsmon", State={"Status": "exited"})
    stopped = tsmon("serve", "shell")

    assert (missing.code, stopped.code) == (1, 1)
    assert "No container tsmon" in missing.stderr
    assert "tsmon serve resume --name tsmon" in stopped.stderr


def test_its_logs(tsmon: Tsmon, engine: StandIn, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "ts_log.log").write_text("one\ntwo\nthree\n")
    engine.run(tmp_path)
    engine.write("console", "printed\n")
    of_it = ("--logs", "docker:ts")

    assert tsmon("serve", "logs", "-n", "2", *of_it).stdout == "two\nthree\n"
    assert tsmon("serve", "logs", "console", *of_it).stdout == "printed\n"
    assert tsmon("serve", "logs", "access", *of_it).code == 1

    engine.run(tmp_path, running=False)
    ended = tsmon("serve", "logs", *of_it)
    assert ended.code == 1
    assert "container ts is not running" in ended.stderr
    assert "docker logs ts" in ended.stderr


def test_another_runs_beside_it_at_free_ports_and_logs_to_this_machine(
    tsmon: Tsmon, engine: StandIn, answering: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tsmon.cli.commands.serve.start.is_free", lambda _port: False)
    tsmon("serve", "start", "--docker", "--ports", "free")

    started = tsmon("serve", "start", "--docker", "--name", "another")

    assert started.code == 0, started.stderr
    assert "container another" in started.stdout
    assert "beside     another" in tsmon("serve", "status").stdout
    assert "container  another" in tsmon("serve", "status", "--name", "another").stdout
    home = Path(os.environ["TSMON_HOME"]).resolve() / "servers" / "another"
    logs = home / "container-logs" / "another"
    assert f"type=bind,source={logs},target=/home/model-server/logs" in engine.commands("create")[1]
    (logs / "ts_log.log").write_text("mounted\n")
    assert tsmon("serve", "stop", "--name", "another").code == 0
    assert tsmon("serve", "logs", "--logs", str(logs)).stdout == "mounted\n"
    assert tsmon("serve", "status").code == 0
