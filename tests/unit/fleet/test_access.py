"""How the settings of a server become a client of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tsmon.config.schema import ServerSettings
from tsmon.fleet.access import Access
from tsmon.telemetry.logs.docker import Container
from tsmon.torchserve.errors import InvalidArgument


def nobody() -> None:
    return None


def access(**settings: object) -> Access:
    return Access(ServerSettings(**settings), nobody)  # type: ignore[arg-type]


def test_one_address_tells_the_two_others() -> None:
    addresses = access(url="prod:9001").addresses

    assert addresses.inference == "http://prod:9000"
    assert addresses.metrics == "http://prod:9002"


def test_an_address_of_its_own_wins() -> None:
    addresses = access(url="prod", metrics_url="http://elsewhere:1234").addresses

    assert (addresses.management, addresses.metrics) == (
        "http://prod:8081",
        "http://elsewhere:1234",
    )


async def test_the_client_is_as_the_settings_say(tmp_path: Path) -> None:
    keys = tmp_path / "key_file.json"
    async with access(url="prod", read_only=True, key_file=keys, insecure=True).client() as client:
        assert client.read_only
        assert client.keys.path == keys
        assert client.verify is False


def test_the_zone_of_the_logs_is_what_the_settings_say() -> None:
    assert access().log_zone is None
    assert str(access(log_zone="Europe/Berlin").log_zone) == "Europe/Berlin"
    with pytest.raises(InvalidArgument, match="Mars"):
        _ = access(log_zone="Mars/Base").log_zone


def test_logs_of_a_container_are_understood() -> None:
    assert access(logs="docker:ts").log_place == Container("ts")
    assert access().log_place is None


def test_a_certificate_file_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="cannot read the certificates in"):
        access(url="https://prod", ca_file=tmp_path / "ca.pem").client()
