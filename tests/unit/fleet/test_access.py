"""How the settings of a server become a client of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tsmon.config.schema import ServerSettings
from tsmon.fleet.access import Access, FindServer
from tsmon.logs.places import Container
from tsmon.serving.record import ServerRecord
from tsmon.serving.servers_here import RunningServer
from tsmon.torchserve.addresses import Addresses
from tsmon.torchserve.client import TorchServe
from tsmon.torchserve.errors import InvalidArgument, NothingListens


def nobody(*_urls: str) -> None:
    return None


def access(*, find: FindServer = nobody, **settings: object) -> Access:
    return Access(ServerSettings(**settings), nobody, find=find)  # type: ignore[arg-type]


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


def here(scheme: str = "http", key_file: Path | None = None) -> FindServer:
    """Finds a server on free ports, whatever is asked."""
    addresses = Addresses(*(f"{scheme}://127.0.0.1:{port}" for port in (4711, 1234, 999)))
    return lambda *_urls: RunningServer(7, 0.0, addresses, key_file)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1234", "localhost:4711", "[::1]:999"])
def test_one_address_is_enough_of_a_server_of_this_machine(url: str, tmp_path: Path) -> None:
    named = access(url=url, find=here(key_file=tmp_path / "key_file.json"))

    assert named.addresses.all == (
        "http://127.0.0.1:4711",
        "http://127.0.0.1:1234",
        "http://127.0.0.1:999",
    )
    ring = named.key_ring(named.addresses)
    assert ring.path == tmp_path / "key_file.json"
    assert ring.goes_to("http://127.0.0.1:1234")


def test_what_was_named_of_it_stays() -> None:
    named = access(inference_url="http://127.0.0.1:80", url="localhost:1234", find=here())

    assert named.addresses.all == (
        "http://127.0.0.1:80",
        "http://127.0.0.1:1234",
        "http://127.0.0.1:999",
    )


def test_the_name_in_its_certificate_is_the_one_that_was_given() -> None:
    named = access(url="https://localhost:1234", find=here("https"))

    assert named.addresses.management == "https://localhost:1234"
    assert named.addresses.metrics == "https://localhost:999"


async def test_the_client_is_as_the_settings_say(tmp_path: Path) -> None:
    keys = tmp_path / "key_file.json"
    async with access(url="prod", read_only=True, key_file=keys, insecure=True).client() as client:
        assert client.read_only
        assert client.keys.path == keys
        assert client.route.verify is False


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


@pytest.fixture
def own(tmp_path: Path) -> ServerRecord:
    """A server that tsmon started, and its home."""
    record = ServerRecord(
        inference="http://127.0.0.1:8080",
        management="http://127.0.0.1:8081",
        metrics="http://127.0.0.1:8082",
        model_store=tmp_path,
        key_file=tmp_path.resolve() / "key_file.json",
        started_at=0.0,
        version="0.12.0",
        ready=True,
    )
    record.save(tmp_path / "server.json")
    return record


def test_keys_of_a_server_that_tsmon_started_are_its_own_however_they_are_named(
    own: ServerRecord,
) -> None:
    found = Access(ServerSettings(), lambda: own)
    assert found.key_ring(found.addresses).own
    named = access(url="localhost:8081", key_file=own.key_file)
    assert named.key_ring(named.addresses).own


@pytest.mark.parametrize("url", ["localhost:9081", "prod:8081"])
def test_the_same_keys_at_another_address_are_not(own: ServerRecord, url: str) -> None:
    named = access(url=url, key_file=own.key_file)
    assert not named.key_ring(named.addresses).own


def test_a_key_file_without_a_record_beside_it_is_somebody_elses(tmp_path: Path) -> None:
    named = access(key_file=tmp_path / "key_file.json")
    assert not named.key_ring(named.addresses).own
    (tmp_path / "server.json").write_text("{")
    assert not named.key_ring(named.addresses).own


async def test_keys_go_over_grpc_to_the_server_they_were_named_for(tmp_path: Path) -> None:
    keys = tmp_path / "key_file.json"
    async with access(url="gpu:8081", key_file=keys, read_only=True).grpc_client() as client:
        assert client.addresses.inference == "grpc://gpu:7070"
        assert client.keys.goes_to("grpc://gpu:7071")
        assert not client.keys.goes_to("grpc://elsewhere:7071")
        assert client.read_only


async def test_keys_that_were_named_for_no_server_stay_on_this_machine(tmp_path: Path) -> None:
    settings = ServerSettings(url="grpc://gpu:7071", key_file=tmp_path / "key_file.json")
    unmeant = Access(settings, nobody, key_was_meant=False, find=nobody)
    async with unmeant.grpc_client() as client:
        assert not client.keys.goes_to("grpc://gpu:7071")
        assert client.keys.goes_to("grpc://127.0.0.1:7071")


async def test_keys_of_ones_own_server_are_renewed_over_http_for_grpc(
    own: ServerRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[str] = []

    async def keep(client: TorchServe) -> None:
        kept.append(client.addresses.management)

    monkeypatch.setattr(TorchServe, "keep_keys", keep)
    closed = ServerSettings(grpc_inference_url="grpc://127.0.0.1:1")
    async with Access(closed, lambda: own).grpc_client() as client:
        with pytest.raises(NothingListens):
            await client.inference.ping()
    assert kept == [own.management]
