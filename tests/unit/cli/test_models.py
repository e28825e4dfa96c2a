"""models, describe, register, scale, set-default, unregister."""

from __future__ import annotations

from pathlib import Path

from tests.fake import FakeTorchServe, Loading
from tests.unit.cli.conftest import Tsmon


def test_an_empty_server_says_which_command_comes_next(tsmon: Tsmon) -> None:
    ended = tsmon("models")

    assert (ended.code, ended.stdout) == (0, "")
    assert "tsmon register" in ended.stderr


def test_every_version_is_listed_and_the_default_one_marked(
    tsmon: Tsmon, server: FakeTorchServe
) -> None:
    server.load("mnist", "1.0", workers=2)
    server.load("mnist", "2.0", workers=1)

    listed = tsmon("models", "--json").json

    assert [(m["version"], m["default"], m["ready_workers"]) for m in listed] == [
        ("1.0", True, 2),
        ("2.0", False, 1),
    ]
    assert "default" in tsmon("models").stdout


def test_register_waits_until_the_workers_are_ready(tsmon: Tsmon, server: FakeTorchServe) -> None:
    ended = tsmon("register", "mnist.mar", "--workers", "2")

    assert ended.code == 0
    assert "2 of 2 workers ready" in ended.stderr
    assert server.version("mnist").ready == 2


def test_register_without_workers_gives_the_servers_own_message(tsmon: Tsmon) -> None:
    ended = tsmon("register", "mnist.mar", "--workers", "0")

    assert 'Model "mnist" Version: 1.0 registered with 0 initial workers.' in ended.stdout


def test_a_worker_that_keeps_dying_fails_the_command_and_says_where_to_look(
    tsmon: Tsmon, server: FakeTorchServe
) -> None:
    server.archive("broken", loading=Loading.DIES)

    ended = tsmon("register", "broken.mar")

    assert ended.code == 1
    assert "keeps dying" in ended.stderr
    assert "model_log.log" in ended.stderr


def test_a_second_registration_is_refused_in_the_servers_words(tsmon: Tsmon) -> None:
    tsmon("register", "mnist.mar")

    ended = tsmon("register", "mnist.mar")

    assert ended.code == 1
    assert "409 ConflictStatusException: Model version 1.0 is already registered" in ended.stderr


def test_options_of_register_reach_the_server(tsmon: Tsmon, server: FakeTorchServe) -> None:
    tsmon("register", "mnist.mar", "--name", "digits", "--batch-size", "4", "--no-wait")

    described = tsmon("describe", "digits", "--json").json
    assert described[0]["batchSize"] == 4


def test_scale_sets_minimum_and_maximum(tsmon: Tsmon, server: FakeTorchServe) -> None:
    server.load("mnist", workers=1)

    ended = tsmon("scale", "mnist", "3")

    version = server.version("mnist")
    assert (ended.code, version.min_workers, version.max_workers) == (0, 3, 3)


def test_scale_to_zero_waits_until_no_worker_is_left(tsmon: Tsmon, server: FakeTorchServe) -> None:
    server.load("mnist", workers=2)

    ended = tsmon("scale", "mnist", "0")

    assert ended.code == 0
    assert server.version("mnist").workers == []


def test_zero_workers_with_a_maximum_is_refused_before_anything_is_sent(
    tsmon: Tsmon, server: FakeTorchServe
) -> None:
    server.load("mnist", workers=1)

    ended = tsmon("scale", "mnist", "0", "--max", "4")

    assert ended.code == 2
    assert "orphaned" in ended.stderr
    assert server.sent("PUT") == []


def test_describe_shows_workers_and_their_processes(tsmon: Tsmon, server: FakeTorchServe) -> None:
    server.load("mnist", workers=1)

    ended = tsmon("describe", "mnist")

    assert "READY" in ended.stdout
    assert "1 ready, min 1, max 1" in ended.stdout


def test_the_default_version_can_be_changed(tsmon: Tsmon, server: FakeTorchServe) -> None:
    server.load("mnist", "1.0")
    server.load("mnist", "2.0")

    tsmon("set-default", "mnist", "2.0")

    assert server.registry.models["mnist"].default == "2.0"


def test_unregister_removes_the_model(tsmon: Tsmon, server: FakeTorchServe) -> None:
    server.load("mnist")

    ended = tsmon("unregister", "mnist")

    assert ended.stdout == 'Model "mnist" unregistered\n'
    assert server.registry.models == {}


def test_a_read_only_session_changes_nothing(tsmon: Tsmon, server: FakeTorchServe) -> None:
    server.load("mnist")

    ended = tsmon("--read-only", "unregister", "mnist")

    assert ended.code == 1
    assert "read-only" in ended.stderr
    assert "mnist" in server.registry.models


def test_a_disabled_model_api_is_named_with_the_way_to_enable_it(
    tsmon: Tsmon, server: FakeTorchServe
) -> None:
    server.model_api = False

    ended = tsmon("register", "mnist.mar")

    assert ended.code == 1
    assert "enable_model_api=true" in ended.stderr


def test_a_missing_token_is_named_with_the_option_that_gives_it(tsmon: Tsmon) -> None:
    ended = tsmon("models", keys=False)

    assert ended.code == 1
    assert "missing" in ended.stderr
    assert "--key-file" in ended.stderr


def test_an_unreachable_server_has_an_exit_code_of_its_own(
    tsmon: Tsmon, server: FakeTorchServe
) -> None:
    server.kill()

    ended = tsmon("models")

    assert ended.code == 3
    assert "connection refused" in ended.stderr
    assert "tsmon serve start" in ended.stderr


def test_a_path_into_the_model_store_is_registered_by_its_name(
    tsmon: Tsmon, server: FakeTorchServe, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere.mar"
    elsewhere.touch()
    server.archive("elsewhere", url=elsewhere.as_uri())

    ended = tsmon("register", str(elsewhere), "--no-wait")

    assert ended.code == 0
    assert "elsewhere" in server.registry.models


def test_wrong_usage_has_exit_code_two_and_shows_the_usage(tsmon: Tsmon) -> None:
    ended = tsmon("scale", "mnist", "many")

    assert ended.code == 2
    assert "Usage: tsmon scale" in ended.stderr


def test_server_options_may_stand_after_the_command(tsmon: Tsmon) -> None:
    ended = tsmon("models", "--server", "not an address/")

    assert ended.code == 2
    assert "is not a valid address" in ended.stderr
