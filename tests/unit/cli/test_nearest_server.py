"""Which server is opened when nobody names one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tsmon.cli.nearest_server import nearest_server
from tsmon.cli.target import Target
from tsmon.serving.contained import ContainedServer
from tsmon.serving.servers_here import RunningServer
from tsmon.torchserve.addresses import Addresses


def running(port: int, started: float) -> RunningServer:
    addresses = Addresses.from_server(f"127.0.0.1:{port}")
    return RunningServer(port, started, addresses, Path(f"/{port}/key_file.json"))


def there_run(
    monkeypatch: pytest.MonkeyPatch, *servers: RunningServer, contained: tuple[int, ...] = ()
) -> None:
    contained_servers = [
        ContainedServer(f"at-{port}", Addresses.from_server(f"127.0.0.1:{port}"))
        for port in contained
    ]
    monkeypatch.setattr("tsmon.serving.servers_here.running_servers", lambda: list(servers))
    monkeypatch.setattr("tsmon.serving.contained.contained_servers", lambda: contained_servers)


def test_the_newest_that_runs_here_with_its_keys(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    there_run(monkeypatch, running(9181, 2.0), running(9281, 1.0))

    target, note = nearest_server(Target(home=tmp_path))

    assert target.addresses() == Addresses.from_server("127.0.0.1:9181")
    assert target.key_ring(target.addresses()).path == Path("/9181/key_file.json")
    assert note == (
        "found by its process; 127.0.0.1:9281 also runs here: F lists them, "
        "or start with --server 127.0.0.1:9281"
    )


def test_the_one_at_the_usual_ports_goes_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    there_run(monkeypatch, running(9181, 2.0), running(8081, 1.0))

    target, _ = nearest_server(Target(home=tmp_path))

    assert target.management_url == "http://127.0.0.1:8081"


def test_one_in_a_container_where_no_process_is_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    there_run(monkeypatch, contained=(9181, 8081))

    target, note = nearest_server(Target(home=tmp_path))

    assert target.addresses() == Addresses()
    assert target.key_ring(target.addresses()).path is None
    assert note == (
        "found in the container at-8081; 127.0.0.1:9181 also runs here: F lists them, "
        "or start with --server 127.0.0.1:9181"
    )


def test_what_is_named_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    there_run(monkeypatch, running(9181, 2.0))
    named = Target(server="10.0.0.1", home=tmp_path)

    assert nearest_server(named) == (named, "")


def test_where_none_runs_the_default_addresses_stay(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    there_run(monkeypatch)

    target, note = nearest_server(Target(home=tmp_path))

    assert (target.addresses(), note) == (Addresses(), "")
