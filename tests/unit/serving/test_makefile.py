from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docker_stand_in import StandIn, install

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return install(tmp_path / "engine", monkeypatch)


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make as from a terminal, also when a make runs these tests."""
    environment = {key: value for key, value in os.environ.items() if "MAKE" not in key}
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_is_what_make_alone_says() -> None:
    listed = {line.split()[0] for line in make().stdout.splitlines() if line.startswith("  ")}

    assert {
        "setup",
        "demo",
        "test",
        "mar",
        "serve-run",
        "register-model",
        "docker-run",
        "clean",
    } <= listed


def made(folder: Path, *arguments: str) -> tuple[list[list[str]], str]:
    """The words of each tsmon command that make runs, and what it says; nothing is set up."""
    command = folder / "tsmon"
    command.write_text(
        f"#!{sys.executable} -IS\nimport json, sys\nprint('ran', json.dumps(sys.argv[1:]))\n"
    )
    command.chmod(0o755)
    ended = make(f"BIN={folder}", "--old-file=setup", *arguments)
    lines = ended.stdout.splitlines()
    ran = [json.loads(line.removeprefix("ran ")) for line in lines if line.startswith("ran ")]
    return ran, ended.stdout + ended.stderr


def test_the_server_is_a_container_where_an_engine_answers(engine: StandIn, tmp_path: Path) -> None:
    (command,), _ = made(tmp_path, "serve-run", "image=derived:1")

    assert command[:5] == ["serve", "start", "--docker", "--image", "derived:1"]
    assert command[5:9] == [
        "--model-store",
        "artifacts",
        "--mount",
        "model:/home/model-server/model:ro",
    ]
    assert made(tmp_path, "serve-start")[0] == [["serve", "resume"]]


@pytest.mark.parametrize("target", ["serve-run", "serve-start"])
def test_the_server_is_a_process_where_none_does(
    target: str, engine: StandIn, tmp_path: Path
) -> None:
    engine.refuse("version", "Cannot connect to the Docker daemon")

    (command,), said = made(tmp_path, target)

    assert command == ["serve", "start", "--model-store", "artifacts"]
    assert "no Docker engine is answering: TorchServe runs as a process of this machine" in said


def test_the_development_container_has_the_checkout(engine: StandIn) -> None:
    ended = make("docker-run", "container_name=mine")

    assert ended.returncode == 0, ended.stderr
    ((*_, context),) = engine.commands("build")
    ((*options, image),) = engine.commands("run")
    assert context == "."
    assert options[options.index("--name") + 1] == "mine"
    assert options[options.index("--mount") + 1] == f'type=bind,"source={ROOT}",target=/workspace'
    assert image == "tsmon-dev"


def test_a_name_that_is_in_use_has_two_ways_out(engine: StandIn) -> None:
    make("docker-run")
    ended = make("docker-run")

    assert ended.returncode
    assert "make docker-start, or make docker-run container_name=another" in ended.stderr


def test_it_is_stopped_started_again_and_entered(engine: StandIn) -> None:
    make("docker-run", "container_name=mine")

    for target, verb in (("docker-stop", "stop"), ("docker-start", "start")):
        assert make(target, "container_name=mine").returncode == 0
        assert engine.commands(verb) == [["mine"]]
    assert engine.status("mine") == "running"
    make("docker-exec", "container_name=mine")
    assert engine.commands("exec") == [["--interactive", "mine", "/bin/bash"]]


@pytest.mark.parametrize("target", ["docker-run", "docker-start", "docker-exec", "docker-image"])
def test_no_container_without_an_engine(target: str, engine: StandIn) -> None:
    engine.refuse("version", "Cannot connect to the Docker daemon")

    ended = make(target)

    assert ended.returncode
    assert "no Docker engine is answering" in ended.stderr


HOSTILE = ["bad name", "it's", 'a "quoted" one', "$HOME $(shell id) `id`", "a;b|c&d", "*", "-n"]


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_is_in_an_option_stays_one_word(
    text: str, engine: StandIn, tmp_path: Path
) -> None:
    assert made(tmp_path, "mar", f"model_name={text}", f"model_version={text}")[0] == [
        [
            *("archive", "--force", "--model-name", text),
            *("--version", text, "--export-path", "artifacts"),
        ]
    ]
    assert made(tmp_path, "register-model", f"model_name={text}", f"num_workers={text}")[0] == [
        ["--server", "http://127.0.0.1:8081", "register", f"{text}.mar", "--workers", text]
    ]
    made(tmp_path, "docker-start", f"container_name={text}")
    assert engine.commands("start") == [[text]]


@pytest.mark.parametrize(
    ("target", "option"),
    [
        *(("mar", option) for option in ("model_name", "model_version")),
        *(("register-model", option) for option in ("tserve_url", "models_port", "num_workers")),
        ("register-model", "model_url"),
        ("docker-run", "container_name"),
        ("docker-exec", "container_name"),
        ("serve-run", "image"),
    ],
)
def test_an_empty_option_is_refused(
    target: str, option: str, engine: StandIn, tmp_path: Path
) -> None:
    ran, said = made(tmp_path, target, f"{option}=")

    assert f"{option} is empty: give it a value, or leave it out" in said
    assert ran == []
    assert engine.commands("run") == engine.commands("exec") == []


def test_the_options_of_the_walkthrough(tmp_path: Path) -> None:
    ((*command,),), _ = made(
        tmp_path,
        "register-model",
        "tserve_url=http://host",
        "models_port=18081",
        "num_workers=4",
        "model_url=other.mar",
    )

    assert command == ["--server", "http://host:18081", "register", "other.mar", "--workers", "4"]


def test_what_is_exported_and_observed(tmp_path: Path) -> None:
    kinds = ("prometheus", "grafana", "compose", "k8s")

    assert made(tmp_path, "deploy")[0] == [
        ["export", kind, f"deploy/{kind}", "--force"] for kind in kinds
    ]
    assert made(tmp_path, "observe")[0] == [["observe"]]
