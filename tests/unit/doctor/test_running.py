"""Reading the servers of this machine off their processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import psutil
import pytest

from tsmon.doctor import running
from tsmon.doctor.facts import JavaProcess
from tsmon.doctor.running import running_servers
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
    monkeypatch.setattr(running, "find_servers", lambda: {process: ports})
    monkeypatch.setattr(running, "read_java", read)


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
