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

    assert {"setup", "demo", "test", "mar", "serve-run", "register-model", "clean"} <= listed


@pytest.mark.parametrize("target", ["docker-run", "docker-start", "docker-exec"])
def test_docker_says_what_to_do_instead(target: str) -> None:
    result = make(target)

    assert result.returncode
    assert f"make {target}" in result.stderr
    assert "serve-run" in result.stderr


def test_the_options_of_the_walkthrough() -> None:
    result = make(
        "--dry-run",
        "register-model",
        "tserve_url=http://host",
        "models_port=18081",
        "num_workers=4",
        "model_url=other.mar",
    )

    command = " ".join(result.stdout.replace("\\\n", "").split())
    assert command.endswith("--server http://host:18081 register other.mar --workers 4")


def test_the_archive_can_have_another_name() -> None:
    result = make("--dry-run", "mar", "model_name=digits", "model_version=2.0")

    assert "--model-name digits --version 2.0" in result.stdout
