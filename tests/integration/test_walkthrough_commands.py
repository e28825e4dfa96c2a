"""Each step of the walkthrough as a command, in its order, on a real TorchServe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.commands import Shell
from tsmon.serving.assets import digit_assets

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def registered(shell: Shell, archive: Path) -> Iterator[None]:
    """The digit model with one ready worker, for the steps that only use it."""
    ended = shell.tsmon("register", "mnist.mar", "--workers", "1")
    assert ended.code == 0, ended.stderr
    yield
    shell.tsmon("unregister", "mnist")


def test_ping_answers_healthy(shell: Shell) -> None:
    assert shell.tsmon("ping").stdout == "Healthy\n"


def test_the_archive_is_built_into_the_artifacts_folder(archive: Path) -> None:
    assert archive.parent.name == "artifacts"
    assert archive.name == "mnist.mar"
    assert archive.stat().st_size > 0


def test_register_without_workers_then_scale_then_unregister(shell: Shell, archive: Path) -> None:
    registered = shell.tsmon("register", "artifacts/mnist.mar", "--workers", "0")
    assert registered.stdout == (
        'Model "mnist" Version: 1.0 registered with 0 initial workers. '
        "Use scale workers API to add workers for the model.\n"
    )

    scaled = shell.tsmon("scale", "mnist", "1")
    assert scaled.stdout == "Processing worker updates...\n"
    assert "1 of 1 workers ready" in scaled.stderr

    (listed,) = shell.tsmon("models", "--json").json
    assert (listed["name"], listed["url"]) == ("mnist", "mnist.mar")

    removed = shell.tsmon("unregister", "mnist")
    assert removed.stdout == 'Model "mnist" unregistered\n'
    assert shell.tsmon("models", "--json").json == []


def test_a_second_registration_is_a_conflict(shell: Shell, registered: None) -> None:
    ended = shell.tsmon("register", "mnist.mar")

    assert ended.code == 1
    assert "409 ConflictStatusException" in ended.stderr
    assert "Model version 1.0 is already registered for model mnist" in ended.stderr


def test_describe_shows_the_ready_worker(shell: Shell, registered: None) -> None:
    (described,) = shell.tsmon("describe", "mnist", "--json").json

    assert described["modelVersion"] == "1.0"
    assert [worker["status"] for worker in described["workers"]] == ["READY"]


def test_one_digit_is_predicted_as_the_class_alone(shell: Shell, registered: None) -> None:
    sample = next(digit_assets().samples.glob("*.0.png"))

    assert shell.tsmon("predict", "mnist", str(sample)).stdout == "0\n"


def test_ten_random_digits_give_the_predicted_and_actual_table_and_are_counted(
    shell: Shell, registered: None
) -> None:
    before = _requests(shell)

    sent = shell.tsmon("send", "mnist", "-n", "10", "--seed", "1")

    assert sent.code == 0, sent.stderr
    header, *rows = sent.stdout.splitlines()
    assert header.split()[:2] == ["Predicted", "Actual"]
    assert len(rows) == 10
    agreeing = [row for row in rows if row.split()[0] == row.split()[1]]
    assert len(agreeing) >= 9
    assert _requests(shell) - before == 10


def test_the_counters_give_milliseconds_per_request(shell: Shell, registered: None) -> None:
    shell.tsmon("send", "mnist", "-n", "3")

    (series,) = [
        each
        for each in shell.tsmon("metrics", "--json").json
        if (each["model"], each["version"]) == ("mnist", "default")
    ]

    expected = series["ts_inference_latency_microseconds"] / 1000
    assert series["inference_ms"] == pytest.approx(expected / series["ts_inference_requests_total"])
    assert series["inference_ms"] > series["queue_ms"] > 0


def test_a_file_that_is_no_image_gets_a_clear_refusal(
    shell: Shell, registered: None, tmp_path: Path
) -> None:
    (tmp_path / "notes.png").write_text("no image")

    ended = shell.tsmon("predict", "mnist", str(tmp_path / "notes.png"))

    assert ended.code == 1
    assert ended.stderr.startswith("tsmon: 4")
    assert "not a PNG or JPEG" in ended.stderr


def _requests(shell: Shell) -> float:
    ended = shell.tsmon("metrics", "--json")
    counts: list[float] = [series["ts_inference_requests_total"] for series in ended.json or []]
    return sum(counts)
