"""Reading the servers of this machine off their processes."""

from __future__ import annotations

from pathlib import Path
from socket import gethostname
from typing import Any, cast

import psutil
import pytest
from msgspec.structs import replace

from tsmon.serving import servers_here
from tsmon.serving.contained import ContainedServer
from tsmon.serving.java_process import JavaProcess
from tsmon.serving.servers_here import running_servers, server_listening
from tsmon.torchserve.addresses import Addresses


def process_of(folder: Path, config: str, *, files_here: bool = True) -> JavaProcess:
    folder.mkdir()
    (folder / "config.properties").write_text(config)
    return JavaProcess(
        pid=7,
        started=1.0,
        command=("java", "-f", "config.properties"),
        directory=folder,
        environment={},
        workers=(),
        files_here=files_here,
    )


def there_is(monkeypatch: pytest.MonkeyPatch, server: JavaProcess | None, *ports: int) -> None:
    def read(process: psutil.Process) -> JavaProcess:
        if server is None:
            raise psutil.AccessDenied(7)
        return server

    process = cast("Any", object())
    monkeypatch.setattr(servers_here, "find_servers", lambda: {process: ports})
    monkeypatch.setattr(servers_here, "read_java", read)
    monkeypatch.setattr(servers_here, "_SEEN", {})


def test_addresses_come_from_its_settings_and_keys_from_its_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = "inference_address=http://0.0.0.0:9080\nmanagement_address=http://127.0.0.1:9081\n"
    there_is(monkeypatch, process_of(tmp_path / "a", config), 9080, 9081, 8082)
    (tmp_path / "a" / "key_file.json").write_text("{}")

    (server,) = running_servers()

    assert server.addresses == Addresses(
        "http://127.0.0.1:9080", "http://127.0.0.1:9081", "http://127.0.0.1:8082"
    )
    assert server.key_file == tmp_path / "a" / "key_file.json"


@pytest.mark.parametrize(
    ("config", "ports"),
    [("management_address=http://127.0.0.1:9081", (8081,)), ("management_address=no one", (8081,))],
    ids=["it listens elsewhere", "its settings are wrong"],
)
def test_one_that_cannot_be_talked_to_is_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, config: str, ports: tuple[int, ...]
) -> None:
    there_is(monkeypatch, process_of(tmp_path / "a", config), *ports)

    assert running_servers() == []


def test_one_in_a_container_is_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    there_is(monkeypatch, process_of(tmp_path / "a", "", files_here=False), 8081)

    assert running_servers() == []


def test_another_users_server_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    there_is(monkeypatch, None, 8081)

    assert running_servers() == []


def test_an_address_leads_to_it_by_any_name_of_this_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    there_is(monkeypatch, process_of(tmp_path / "a", ""), 8080, 8081, 8082)

    for url in ("http://localhost:8081", "http://[::1]:8080", f"http://{gethostname()}:8082"):
        found = server_listening(url)
        assert found is not None, url
        assert found.addresses == Addresses()
    assert server_listening("http://example.com:8081") is None
    assert server_listening("http://localhost:8083") is None


def test_a_container_is_found_by_the_port_it_publishes(monkeypatch: pytest.MonkeyPatch) -> None:
    contained = ContainedServer("ts", Addresses.from_server("127.0.0.1:4711"))
    monkeypatch.setattr(servers_here, "find_servers", dict)
    monkeypatch.setattr(servers_here, "_SEEN", {})
    monkeypatch.setattr(servers_here, "published_servers", lambda: [contained])

    assert server_listening("http://localhost:4712") == contained


@pytest.mark.parametrize(
    ("config", "management"),
    [
        ("management_address=https://0.0.0.0", "https://127.0.0.1:8444"),
        ("management_address=$$WHERE$$", "http://127.0.0.1:8444"),
        ("enable_envvars_config=true", "http://127.0.0.1:9444"),
    ],
    ids=["TLS has ports of its own", "a variable in the file", "a variable over the file"],
)
def test_an_address_is_read_as_torchserve_reads_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, config: str, management: str
) -> None:
    environment = {
        "WHERE": "http://127.0.0.1:8444",
        "TS_MANAGEMENT_ADDRESS": "http://127.0.0.1:9444",
    }
    server = replace(process_of(tmp_path / "a", config), environment=environment)
    there_is(monkeypatch, server, 8444, 9444)

    assert [each.addresses.management for each in running_servers()] == [management]


def test_a_snapshot_of_an_earlier_life_is_no_setting_of_one_that_takes_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = process_of(tmp_path / "a", "")
    snapshots = tmp_path / "a" / "logs" / "config"
    snapshots.mkdir(parents=True)
    (snapshots / "2026.cfg").write_text("management_address=http://127.0.0.1:9081")
    there_is(monkeypatch, replace(server, command=("java", "-ncs")), 8081)

    assert [each.addresses for each in running_servers()] == [Addresses()]


@pytest.mark.parametrize(
    ("config", "inference", "management"),
    [
        ("", "grpc://127.0.0.1:7070", "grpc://127.0.0.1:7071"),
        (
            "grpc_inference_address=0.0.0.0\ngrpc_inference_port=4711\nenable_grpc_ssl=true",
            "grpcs://127.0.0.1:4711",
            "grpcs://127.0.0.1:7071",
        ),
        ("grpc_management_address=::1\n", "grpc://127.0.0.1:7070", "grpc://[::1]:7071"),
    ],
)
def test_its_settings_tell_where_it_is_over_grpc(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    config: str,
    inference: str,
    management: str,
) -> None:
    there_is(monkeypatch, process_of(tmp_path / "a", config), 8080, 8081, 8082)

    (server,) = running_servers()
    assert server.grpc == replace(server.addresses, inference=inference, management=management)
    assert server_listening(inference) == server
