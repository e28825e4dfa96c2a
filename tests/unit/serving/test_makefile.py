from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


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


def said(*arguments: str) -> str:
    """What make would run."""
    return " ".join(make("--dry-run", *arguments).stdout.replace("\\\n", "").split())


def test_a_container_has_the_artifacts_and_what_an_archive_is_made_of() -> None:
    command = said("docker-run", "image=derived:1")

    assert "serve start --docker --name tsmon --image derived:1 --model-store artifacts" in command
    assert "--mount model:/home/model-server/model:ro" in command


@pytest.mark.parametrize(
    ("target", "verb"),
    [("docker-start", "resume"), ("docker-exec", "shell"), ("docker-stop", "stop")],
)
def test_a_container_can_have_another_name(target: str, verb: str) -> None:
    assert said(target).endswith(f"serve {verb} --name tsmon")
    assert said(target, "container_name=mine").endswith(f"serve {verb} --name mine")


def test_the_options_of_the_walkthrough() -> None:
    command = said(
        "register-model",
        "tserve_url=http://host",
        "models_port=18081",
        "num_workers=4",
        "model_url=other.mar",
    )

    assert command.endswith("--server http://host:18081 register other.mar --workers 4")


def test_the_archive_can_have_another_name() -> None:
    command = said("mar", "model_name=digits", "model_version=2.0")

    assert "--model-name digits --version 2.0" in command
