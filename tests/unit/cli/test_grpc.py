"""--grpc and addresses of gRPC on the command line."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Tsmon
from tsmon.torchserve.grpc import packages


@pytest.mark.parametrize(
    "words",
    [
        ("metrics", "--grpc"),
        ("--grpc", "metrics"),
        ("doctor", "--server", "grpc://gpu:7071"),
        ("fleet", "--grpc"),
        ("--grpc", "serve", "status"),
        ("experiment", "mnist", "--grpc"),
        ("--grpc",),
    ],
)
def test_a_command_of_http_alone_says_so(tsmon: Tsmon, words: tuple[str, ...]) -> None:
    ended = tsmon(*words)
    assert ended.code == 2
    assert "does not work over gRPC" in ended.stderr
    assert ended.stdout == ""


def test_a_configuration_may_name_an_address_of_grpc(tsmon: Tsmon, tmp_path: Path) -> None:
    config = tmp_path / "tsmon.toml"
    config.write_text('[servers.gpu]\nurl = "grpc://127.0.0.1:1"\n')
    ended = tsmon("--config", str(config), "metrics", "--server", "gpu")
    assert "does not work over gRPC" in ended.stderr


@pytest.mark.parametrize("command", [("ping",), ("load", "mnist"), ("scale", "mnist", "1")])
def test_without_the_extra_a_command_says_what_to_install(
    tsmon: Tsmon, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    def found(name: str) -> object:
        return None if name == "grpc" else find_spec(name)

    monkeypatch.setattr(packages, "find_spec", found)
    ended = tsmon(*command, "--grpc")
    assert ended.code == 2
    assert "gRPC needs grpcio, not installed here" in ended.stderr
    assert f"`{sys.executable} -m pip install 'tsmon[grpc]'`" in ended.stderr


def test_a_checkout_without_messages_says_how_to_make_them(
    tsmon: Tsmon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "_MESSAGES", "tsmon.torchserve.grpc.not_made_pb2")
    ended = tsmon("ping", "--grpc")
    assert (ended.code, "`make setup` makes them" in ended.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--stream",), "--stream is for gRPC alone"),
        (("--grpc", "--content-type", "text/plain"), "gRPC carries neither"),
    ],
)
def test_predict_refuses_what_the_protocol_has_not(
    tsmon: Tsmon, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    file = tmp_path / "a.txt"
    file.write_text("a")
    ended = tsmon("predict", "mnist", str(file), *words)
    assert (ended.code, said in ended.stderr) == (2, True)


def test_registering_without_workers_is_refused(tsmon: Tsmon) -> None:
    ended = tsmon("register", "mnist.mar", "--workers", "0", "--grpc")
    assert (ended.code, "default_workers_per_model" in ended.stderr) == (2, True)
