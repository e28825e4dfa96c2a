"""replace and restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fake import FakeTorchServe, Loading
from tests.unit.cli.conftest import Tsmon


@pytest.fixture
def serving(server: FakeTorchServe) -> FakeTorchServe:
    """Serves version 1.0; an archive of version 2.0 is in its store."""
    server.load("mnist", workers=2)
    server.archive("mnist", "2.0", url="mnist-2.mar")
    return server


def test_replace_says_each_step_and_what_serves_now(tsmon: Tsmon, serving: FakeTorchServe) -> None:
    ended = tsmon("replace", "mnist", "mnist-2.mar", "--grace", "0")

    assert ended.code == 0
    assert ended.stdout == "mnist 2.0, the default version, serves; mnist 1.0 is removed\n"
    assert "POST /models?url=mnist-2.mar&initial_workers=2" in ended.stderr
    assert "DELETE /models/mnist/1.0" in ended.stderr
    assert "✓ wait for its workers to be ready (2): 2 of 2 workers ready" in ended.stderr
    assert serving.registry.models["mnist"].default == "2.0"


def test_replace_gives_its_steps_as_json(tsmon: Tsmon, serving: FakeTorchServe) -> None:
    answer = tsmon("replace", "mnist", "mnist-2.mar", "--grace", "0", "--json").json

    assert (answer["model"], answer["replaced"], answer["done"]) == ("mnist", "1.0", True)
    assert [(step["step"], step["state"]) for step in answer["steps"]] == [
        ("register", "done"),
        ("ready", "done"),
        ("test", "skipped"),
        ("default", "done"),
        ("drain", "done"),
        ("remove", "done"),
    ]


def test_a_replacement_that_fails_ends_with_1_and_says_what_serves(
    tsmon: Tsmon, serving: FakeTorchServe
) -> None:
    serving.archive("mnist", "2.0", url="mnist-2.mar", loading=Loading.DIES)

    ended = tsmon("replace", "mnist", "mnist-2.mar")

    assert ended.code == 1
    assert "mnist 1.0 still serves" in ended.stderr
    assert list(serving.registry.models["mnist"].versions) == ["1.0"]


def test_a_test_file_is_sent_to_the_new_version_first(
    tsmon: Tsmon, serving: FakeTorchServe, tmp_path: Path
) -> None:
    image = tmp_path / "seven.png"
    image.write_bytes(b"7")

    ended = tsmon("replace", "mnist", "mnist-2.mar", "--grace", "0", "--test", str(image))

    assert "✓ send it a test request: seven.png: " in ended.stderr
    assert serving.sent("POST", "/predictions") == ["POST /predictions/mnist/2.0"]


def test_a_read_only_session_replaces_and_restarts_nothing(
    tsmon: Tsmon, serving: FakeTorchServe
) -> None:
    for command in (("replace", "mnist", "mnist-2.mar"), ("restart", "mnist", "--at-once")):
        ended = tsmon("--read-only", *command)
        assert ended.code == 1
        assert "read-only" in ended.stderr
    assert serving.sent("POST") + serving.sent("PUT") + serving.sent("DELETE") == []


def test_a_restart_that_cannot_be_done_one_at_a_time_names_the_option(
    tsmon: Tsmon, serving: FakeTorchServe
) -> None:
    ended = tsmon("restart", "mnist")

    assert ended.code == 1
    assert "of worker 9000 is not on this machine: it ended, or runs in a container" in ended.stderr
    assert "--at-once" in ended.stderr
    assert serving.sent("PUT") == []


def test_a_restart_at_once_gives_as_many_new_workers(tsmon: Tsmon, serving: FakeTorchServe) -> None:
    ended = tsmon("restart", "mnist", "--at-once")

    assert (ended.code, ended.stdout) == (0, "2 workers of mnist 1.0 restarted, all at once\n")
    assert [worker.port for worker in serving.version("mnist").workers] == [9002, 9003]


def test_a_model_that_is_not_there_is_named(tsmon: Tsmon) -> None:
    assert "Model not found: cifar" in tsmon("restart", "cifar").stderr
    assert "Model not found: cifar" in tsmon("replace", "cifar", "mnist.mar").stderr
