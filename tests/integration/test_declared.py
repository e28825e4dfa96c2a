"""What a real server serves, written down, lost by a restart, and brought back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.archives import write_real
from tests.integration.commands import Shell
from tsmon.serving.properties import parse

KEPT = (
    *("modelName", "modelVersion", "modelUrl", "minWorkers", "maxWorkers", "batchSize"),
    *("maxBatchDelay", "responseTimeout", "startupTimeout"),
)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell of its own: its server is restarted."""
    shell = Shell(tmp_path)
    (tmp_path / "artifacts").mkdir()
    write_real(tmp_path / "artifacts")
    start(shell)
    try:
        yield shell
    finally:
        stop(shell)


def start(shell: Shell, *options: str) -> None:
    started = shell.tsmon("serve", "start", "--ports", "free", *options)
    assert started.code == 0, started.stderr


def stop(shell: Shell) -> None:
    stopped = shell.tsmon("serve", "stop")
    assert stopped.code == 0, stopped.stderr


def done(shell: Shell, *words: str) -> Any:
    ended = shell.tsmon(*words)
    assert ended.code == 0, ended.stderr
    return ended


def described(shell: Shell, *models: str) -> list[dict[str, Any]]:
    """What describe says of every version, as far as a registration decides it."""
    found = [
        {name: entry[name] for name in KEPT}
        for model in models
        for entry in done(shell, "describe", model, "--all", "--json").json
    ]
    return sorted(found, key=lambda entry: (entry["modelName"], entry["modelVersion"]))


def test_a_restart_loses_it_and_apply_brings_it_back(shell: Shell) -> None:
    done(shell, "register", "digit.mar", "--workers", "2", "--batch-size", "4")
    done(shell, "register", "digit-2.mar", "--response-timeout", "30")
    done(shell, "set-default", "digit", "2.0")
    done(shell, "register", "raising.mar", "--max-batch-delay", "7")
    before = described(shell, "digit", "raising")
    file = shell.directory / "state.toml"
    file.write_text(done(shell, "dump").stdout)
    settings = parse(done(shell, "dump", "--format", "config.properties").stdout)
    assert done(shell, "diff", str(file)).stdout.count("nothing to do") == 1

    stop(shell)
    start(shell)
    lost = shell.tsmon("diff", str(file), "--json")
    assert lost.code == 1
    (plan,) = lost.json
    assert {step["action"] for step in plan["steps"]} == {"register", "set default"}
    applied = done(shell, "apply", str(file), "--json").json
    assert {step["outcome"] for step in applied[0]["steps"]} == {"done"}
    assert described(shell, "digit", "raising") == before
    assert done(shell, "apply", str(file), "--json").json[0]["steps"] == []

    stop(shell)
    start(shell, *(word for key in settings for word in ("--set", f"{key}={settings[key]}")))
    done(shell, "diff", str(file), "--prune")
    assert described(shell, "digit", "raising") == before


def test_a_stop_says_what_is_lost_and_the_file_it_names_brings_it_back(shell: Shell) -> None:
    done(shell, "register", "digit.mar", "--workers", "2")
    before = described(shell, "digit")
    stopped = done(shell, "serve", "stop", "--dump", "kept.properties")
    assert "the next start does not load 1 version: digit 1.0" in stopped.stderr
    (file,) = (shell.home / "states").glob("*.toml")
    assert f"tsmon apply {file}" in stopped.stderr.replace("\n", "")
    start(shell)
    done(shell, "apply", str(file))
    assert described(shell, "digit") == before

    stop(shell)
    settings = parse((shell.directory / "kept.properties").read_text())
    start(shell, *(word for key in settings for word in ("--set", f"{key}={settings[key]}")))
    assert described(shell, "digit") == before
    assert "does not load" not in done(shell, "serve", "stop").stderr
    start(shell)


def test_a_step_that_fails_ends_it_and_the_way_back_works(shell: Shell) -> None:
    done(shell, "register", "digit.mar")
    wanted = {
        "models": [
            {"name": "digit", "version": "1.0", "archive": "digit.mar", "min_workers": 2},
            {"name": "dying", "version": "1.0", "archive": "dying.mar", "default": True},
        ]
    }
    (shell.directory / "state.json").write_text(json.dumps(wanted))

    ended = shell.tsmon("apply", "state.json", "--json")

    assert ended.code == 1
    (record,) = ended.json
    outcomes = {(step["model"], step["action"]): step["outcome"] for step in record["steps"]}
    assert outcomes["dying", "register"] == "failed"
    assert "puts back what was there" in ended.stderr
    done(shell, "apply", record["before"], "--prune")
    assert [entry["minWorkers"] for entry in described(shell, "digit")] == [1]
    assert shell.tsmon("describe", "dying").code == 1
