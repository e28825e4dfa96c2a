"""Commands over gRPC on a real server, with tokens, and over TLS."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.archives import write_real
from tests.contract.real import opened, real_torchserve
from tests.faults.certificates import make_certificates
from tests.integration.commands import Ended, Shell
from tsmon.serving.assets import digit_assets
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.errors import Unreachable
from tsmon.torchserve.grpc.client import GrpcTorchServe
from tsmon.torchserve.route import Route
from tsmon.torchserve.tokens import KeyRing

pytestmark = pytest.mark.integration


@pytest.fixture
def digits(shell: Shell, archive: Path) -> Iterator[Shell]:
    """The shell, on whose server the digit model is registered over gRPC."""
    ended = shell.tsmon("register", archive.name, "--workers", "1", "--grpc")
    assert ended.code == 0, ended.stderr
    try:
        yield shell
    finally:
        ended = shell.tsmon("unregister", "mnist", "--yes", "--grpc")
    assert ended.code == 0, ended.stderr


def without_times(ended: Ended) -> Any:
    """What a command printed, without what differs from one moment to the next."""
    assert ended.code == 0, ended.stderr
    moving = {"memoryUsage", "gpuUsage", "lastRequest", "milliseconds", "content_type", "answer"}

    def kept(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: kept(each) for key, each in value.items() if key not in moving}
        return [kept(each) for each in value] if isinstance(value, list) else value

    return kept(ended.json)


def test_commands_print_what_they_print_over_http(digits: Shell) -> None:
    image = str(next(digit_assets().samples.glob("*.png")))
    for command in (
        ("ping", "--json"),
        ("models", "--json"),
        ("describe", "mnist", "--json"),
        ("predict", "mnist", image, "--json"),
    ):
        over_grpc = without_times(digits.tsmon(*command, "--grpc"))
        assert over_grpc == without_times(digits.tsmon(*command))


def test_changes_over_grpc_are_seen_over_http(digits: Shell) -> None:
    assert digits.tsmon("scale", "mnist", "2", "--grpc").code == 0
    (version,) = digits.tsmon("describe", "mnist", "--json").json
    assert len(version["workers"]) == 2
    assert digits.tsmon("set-default", "mnist", "1.0", "--grpc").code == 0
    none = digits.tsmon("scale", "mnist", "0", "--grpc")
    assert (none.code, "cannot scale to 0" in none.stderr) == (2, True)
    missing = digits.tsmon("predict", "nope", "--grpc", str(next(digit_assets().samples.iterdir())))
    assert (missing.code, "Model not found: nope" in missing.stderr) == (1, True)


@pytest.mark.parametrize("how", [("-c", "2"), ("--rate", "50", "-c", "5")])
def test_a_run_over_grpc_is_answered(digits: Shell, how: tuple[str, ...]) -> None:
    ended = digits.tsmon("load", "mnist", "--grpc", *how, "--count", "40", "--json")
    assert ended.code == 0, ended.stderr
    assert (ended.json["answered"], ended.json["failed"]) == (40, 0)


def test_a_read_only_session_and_commands_of_http_alone_refuse(digits: Shell) -> None:
    ended = digits.tsmon("scale", "mnist", "1", "--grpc", "--read-only")
    assert (ended.code, "read-only" in ended.stderr) == (1, True)
    ended = digits.tsmon("metrics", "--grpc")
    assert (ended.code, "does not work over gRPC" in ended.stderr) == (2, True)


def test_tls_with_a_certificate_of_an_authority_of_ones_own(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder)
    settings = {
        "enable_grpc_ssl": "true",
        "private_key_file": str(folder / "good.key"),
        "certificate_file": str(folder / "good.pem"),
    }
    with real_torchserve(settings) as server:
        addresses = Addresses(*(url.replace("grpc", "grpcs") for url in server.grpc.all[:2]))
        keys = KeyRing(server.key_file)
        asyncio.run(_talk(addresses, keys, folder / "authority.pem"))


async def _talk(addresses: Addresses, keys: KeyRing, authority: Path) -> None:
    await opened(addresses)
    for verify in (str(authority), False):
        async with GrpcTorchServe(addresses, keys, route=Route(verify)) as client:
            assert await client.inference.ping() == "Healthy"
            assert await client.management.models() == ()
    async with GrpcTorchServe(addresses, keys) as client:
        with pytest.raises(Unreachable, match="certificate is not trusted"):
            await client.inference.ping()


def test_a_streamed_answer_is_printed_as_it_comes(shell: Shell, archive: Path) -> None:
    write_real(archive.parent)
    text = shell.directory / "letters.txt"
    text.write_text("abc")
    command = ("predict", "streaming", str(text), "--stream")
    ended = shell.tsmon("register", "streaming.mar", "--workers", "1", "--grpc")
    assert ended.code == 0, ended.stderr
    try:
        assert shell.tsmon(*command, "--grpc").stdout == "abc\n"
        (record,) = shell.tsmon(*command, "--grpc", "--json").json
        assert record["answer"] == "abc"
        over_http = shell.tsmon(*command)
        assert (over_http.code, "--stream is for gRPC alone" in over_http.stderr) == (2, True)
        typed = shell.tsmon(*command, "--grpc", "--content-type", "text/plain")
        assert (typed.code, "gRPC carries neither" in typed.stderr) == (2, True)
    finally:
        shell.tsmon("unregister", "streaming", "--yes")


def test_protocols_are_compared_in_one_experiment(digits: Shell) -> None:
    ended = digits.tsmon(
        "experiment", "mnist", "--workers", "1", "--batches", "5", "--warm-up", "0",
        "--protocols", "http,grpc", "--json",
    )  # fmt: skip
    assert ended.code == 0, ended.stderr
    http, grpc = ended.json["measurements"]
    assert (http["protocol"], http["answered"]) == ("http", 5)
    assert (grpc["protocol"], grpc["answered"]) == ("grpc", 5)
    assert http["inference_ms"] is not None
    assert grpc["inference_ms"] is None
